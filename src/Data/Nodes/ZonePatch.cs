using SensorDash.Data.Storage;

namespace SensorDash.Data.Nodes;

/// <summary>An edit of a zone: fields that are not set are kept.</summary>
public sealed class ZonePatch
{
    private readonly List<Action<Zone>> _edits = [];
    private readonly Dictionary<string, string[]> _errors = [];

    /// <summary>Errors of the values set so far, by field; a patch with errors must not be applied.</summary>
    public IReadOnlyDictionary<string, string[]> Errors => _errors;

    public void SetName(string? value)
    {
        var name = value?.Trim() ?? "";
        if (name.Length is 0 or > Zone.NameLength) _errors["name"] = [$"must be 1 to {Zone.NameLength} characters"];
        if (OutsideText.FindError(name) is { } error) _errors["name"] = [error];
        _edits.Add(z => z.Name = name);
    }

    /// <param name="value"><c>#RRGGBB</c>; null or empty: the default color.</param>
    public void SetColor(string? value)
    {
        var color = string.IsNullOrEmpty(value) ? Zone.DefaultColor : value;
        if (!Zone.ColorPattern().IsMatch(color)) _errors["color"] = [$"must be #RRGGBB in hexadecimal, not '{OutsideText.Shown(color)}'"];
        _edits.Add(z => z.Color = color.ToUpperInvariant());
    }

    public void SetDescription(string? value)
    {
        var text = string.IsNullOrWhiteSpace(value) ? null : value.Trim();
        if (text?.Length > Zone.DescriptionLength) _errors["description"] = [$"must be at most {Zone.DescriptionLength} characters"];
        if (OutsideText.FindError(text, allowsLines: true) is { } error) _errors["description"] = [error];
        _edits.Add(z => z.Description = text);
    }

    /// <summary>Creates a zone with the values of this patch.</summary>
    public Zone Create()
    {
        var zone = new Zone { Name = "" };
        Apply(zone);
        return zone;
    }

    internal void Apply(Zone zone)
    {
        if (_errors.Count > 0) throw new InvalidOperationException("A patch with errors cannot be applied.");
        foreach (var edit in _edits) edit(zone);
    }
}
