using Microsoft.AspNetCore.Http.Extensions;

namespace SensorDash.Web.Pages.Display;

/// <summary>The address of a page with its query, from which links to its neighbours are made.</summary>
internal sealed class PageUrl
{
    // What people expect to find again on the next page.
    private static readonly string[] _shared = ["range", "from", "to", "base", "tz", "unit", "refresh"];

    private readonly string _path;
    private readonly KeyValuePair<string, string>[] _query;

    public PageUrl(HttpRequest request)
        : this(request.PathBase + request.Path, [.. request.Query
            .Where(q => q.Key != "handler").SelectMany(q => q.Value, (q, value) => KeyValuePair.Create(q.Key, value ?? "")).Where(q => q.Value.Length > 0)])
    {
    }

    private PageUrl(string path, KeyValuePair<string, string>[] query) => (_path, _query) = (path, query);

    public IEnumerable<KeyValuePair<string, string>> Query => _query;

    /// <summary>This page with some parameters changed; null removes one.</summary>
    public PageUrl With(params (string Name, string? Value)[] changes) => new(_path, [
        .. _query.Where(q => changes.All(c => c.Name != q.Key)),
        .. changes.Where(c => !string.IsNullOrEmpty(c.Value)).Select(c => KeyValuePair.Create(c.Name, c.Value!))]);

    /// <summary>This page without the parameters of some names.</summary>
    public PageUrl Without(Func<string, bool> isNot) => new(_path, [.. _query.Where(q => !isNot(q.Key))]);

    /// <summary>Another page, keeping everything.</summary>
    public PageUrl Path(string path) => new(path, _query);

    /// <summary>Another page, keeping range, zone, unit and refresh.</summary>
    public PageUrl At(string path) => new(path, [.. _query.Where(q => _shared.Contains(q.Key))]);

    /// <summary>The parameters that a form must carry along because it has no field for them.</summary>
    public IEnumerable<KeyValuePair<string, string>> Except(params string[] fields) => _query.Where(q => !fields.Contains(q.Key));

    public override string ToString() => _path + new QueryBuilder(_query);
}
