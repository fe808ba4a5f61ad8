namespace SensorDash.Web.Pages.Display.Plots;

/// <summary>What a legend has selected: a click shows one line, or one group of lines, alone; Ctrl adds or removes one. Without a selection all are shown.</summary>
internal sealed class SoloSelection
{
    /// <summary>Name of the selection in the URL.</summary>
    public const string Parameter = "solo";

    private readonly IReadOnlyList<string> _keys;
    private readonly HashSet<string> _selected;

    /// <param name="keys">What can be selected.</param>
    /// <param name="typed">The selection as in the URL; unknown keys are ignored.</param>
    public SoloSelection(IReadOnlyList<string> keys, string? typed)
    {
        _keys = keys;
        _selected = (typed ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries).ToHashSet();
        _selected.IntersectWith(keys);
    }

    /// <summary>Whether others are selected instead.</summary>
    public bool IsFaint(string key) => _selected.Count > 0 && !_selected.Contains(key);

    /// <summary>The selection after a click: this key alone, or all if it was alone.</summary>
    public string? AloneOf(string key) => _selected.Count == 1 && _selected.Contains(key) ? null : key;

    /// <summary>The selection after a click with Ctrl: with or without this key.</summary>
    public string? ToggledOf(string key)
    {
        var changed = _selected.Count == 0 ? [.. _keys] : new HashSet<string>(_selected);
        if (!changed.Remove(key)) changed.Add(key);
        return changed.Count == 0 || changed.Count == _keys.Count ? null : string.Join(',', _keys.Where(changed.Contains));
    }
}
