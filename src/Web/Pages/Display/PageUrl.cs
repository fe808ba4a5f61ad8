using Microsoft.AspNetCore.Http.Extensions;

namespace SensorDash.Web.Pages.Display;

/// <summary>Path and query of a page, from which its links are made.</summary>
internal sealed class PageUrl
{
    // Parameters that all pages share.
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

    /// <summary>The path without the query.</summary>
    public string PathText => _path;

    /// <summary>This page with some parameters changed; null removes one.</summary>
    public PageUrl With(params (string Name, string? Value)[] changes) => new(_path, [
        .. _query.Where(q => changes.All(c => c.Name != q.Key)),
        .. changes.Where(c => !string.IsNullOrEmpty(c.Value)).Select(c => KeyValuePair.Create(c.Name, c.Value!))]);

    /// <summary>This page with one more parameter, also when it has one of the same name.</summary>
    public PageUrl And(string name, string value) => new(_path, [.. _query, KeyValuePair.Create(name, value)]);

    /// <summary>This page without some parameters.</summary>
    public PageUrl Without(Func<string, bool> isRemoved) => new(_path, [.. _query.Where(q => !isRemoved(q.Key))]);

    /// <summary>Another page with all parameters.</summary>
    public PageUrl Path(string path) => new(path, _query);

    /// <summary>Another page with the range, time zone, unit and refresh interval.</summary>
    public PageUrl At(string path) => new(path, [.. _query.Where(q => _shared.Contains(q.Key))]);

    /// <summary>The parameters for which a form has no fields, to keep as hidden fields.</summary>
    public IEnumerable<KeyValuePair<string, string>> Except(params string[] fields) => _query.Where(q => !fields.Contains(q.Key));

    public override string ToString() => _path + new QueryBuilder(_query);
}
