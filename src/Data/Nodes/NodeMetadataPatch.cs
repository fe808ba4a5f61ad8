using SensorDash.Data.Storage;

namespace SensorDash.Data.Nodes;

/// <summary>An edit of a node's metadata: fields that are not set are kept, fields set to null or empty are cleared.</summary>
public sealed class NodeMetadataPatch
{
    private readonly List<Action<NodeMetadata>> _edits = [];
    private readonly Dictionary<string, string[]> _errors = [];

    /// <summary>Errors of the values set so far, by field; a patch with errors must not be applied.</summary>
    public IReadOnlyDictionary<string, string[]> Errors => _errors;

    /// <summary>The zone that must exist, if the patch assigns one.</summary>
    public int? WantedZone { get; private set; }

    public void SetName(string? value) => SetText("name", value, NodeMetadata.NameLength, (m, text) => m.Name = text);

    public void SetLocation(string? value) => SetText("location", value, NodeMetadata.LocationLength, (m, text) => m.Location = text);

    public void SetNotes(string? value) => SetText("notes", value, NodeMetadata.NotesLength, (m, text) => m.Notes = text);

    public void SetZone(int? id)
    {
        WantedZone = id;
        _edits.Add(m => m.ZoneId = id);
    }

    /// <param name="seconds">1 to 2,592,000, or null to estimate it from the readings.</param>
    public void SetExpectedInterval(long? seconds)
    {
        if (seconds is < 1 or > NodeMetadata.MaxExpectedIntervalSeconds)
            Error("expected_interval_s", $"must be 1 to {NodeMetadata.MaxExpectedIntervalSeconds} seconds, not {seconds}");
        _edits.Add(m => m.ExpectedIntervalS = (int?)seconds);
    }

    /// <summary>Records an error that occurred before a value could be set.</summary>
    public void Error(string field, string error) => _errors[field] = [error];

    internal void Apply(NodeMetadata metadata)
    {
        if (_errors.Count > 0) throw new InvalidOperationException("A patch with errors cannot be applied.");
        foreach (var edit in _edits) edit(metadata);
    }

    private void SetText(string field, string? value, int maxLength, Action<NodeMetadata, string?> set)
    {
        var text = string.IsNullOrWhiteSpace(value) ? null : value.Trim();
        if (text?.Length > maxLength) Error(field, $"must be at most {maxLength} characters, not {text.Length}");
        if (OutsideText.FindError(text, allowsLines: field != "name") is { } error) Error(field, error);
        _edits.Add(m => set(m, text));
    }
}
