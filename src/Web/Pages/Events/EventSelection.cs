using System.Text.Json;
using Microsoft.AspNetCore.Http.Extensions;
using Microsoft.Extensions.Primitives;
using SensorDash.Data.Events;
using SensorDash.Web.Pages.Display;
using SensorDash.Web.Requests;

namespace SensorDash.Web.Pages.Events;

/// <summary>The events that a URL selects. The rules of the API apply, so that an export has the events of the page.</summary>
internal sealed class EventSelection
{
    /// <summary>Events per page of the table.</summary>
    public const int PageLength = 50;

    /// <summary>Before the path of a filter on content.</summary>
    public const string PayloadPrefix = "payload.";

    private const long Second = 1_000_000; // Microseconds.

    private static readonly string[] _copied = ["timebase", "scope", .. EventFields.All.Select(f => f.Name())];

    private readonly Dictionary<string, StringValues> _api;

    private EventSelection(Dictionary<string, StringValues> api) => _api = api;

    /// <summary>Parameters that filter events, except the range.</summary>
    public static IReadOnlyList<string> FilterNames { get; } = ["lanes", "scope", .. EventFields.All.Select(f => f.Name()), "payload", EventSearch.Parameter];

    public EventQuery Query { get; private set; } = null!; // Set by Read.

    /// <summary>Invalid parameters. With any, the page reads no events.</summary>
    public IReadOnlyList<string> Errors { get; private set; } = [];

    /// <summary>Payload filters as typed: <c>path=value</c>.</summary>
    public IReadOnlyList<string> Payload { get; private set; } = [];

    /// <summary>A search that cannot be understood, as typed.</summary>
    public string Search { get; private set; } = "";

    /// <summary>Names and values of all filters.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Filters { get; private set; } = [];

    /// <summary>Whether this is a later page.</summary>
    public bool IsLaterPage => Query.After is not null;

    public Timebase Timebase => Query.Timebase;

    /// <param name="search">What was typed and cannot be understood; null: nothing.</param>
    public static EventSelection Read(IQueryCollection query, ViewRange range, EventSearch? search = null)
    {
        var (from, to) = (range.From * Second, EndOf(range));
        var api = new Dictionary<string, StringValues> { ["from"] = EventTime.Format(from), ["to"] = EventTime.Format(to) };
        foreach (var name in _copied)
            if (!StringValues.IsNullOrEmpty(query[name])) api[name] = query[name];
        var order = query["order"];
        api["order"] = StringValues.IsNullOrEmpty(order) ? "desc" : order; // Newest first, like lists of readings.
        var lanes = string.Join(',', query["lanes"].Where(l => !string.IsNullOrEmpty(l)));
        if (lanes.Length > 0) api["lanes"] = lanes;

        var errors = new List<string>();
        var payload = ReadPayload(query);
        foreach (var condition in payload)
        {
            var equals = condition.IndexOf('=', StringComparison.Ordinal);
            if (equals <= 0) errors.Add($"payload must be path=value, such as speed=3, not “{condition}”");
            else if (!api.TryAdd(PayloadPrefix + condition[..equals].Trim(), condition[(equals + 1)..].Trim()))
                errors.Add($"payload must name {condition[..equals].Trim()} only once");
        }
        var reader = new QueryReader(api);
        var read = EventParameters.Read(reader) with { Limit = PageLength };
        if (query["page"].ToString() is { Length: > 0 } cursor)
        {
            if (EventCursor.TryParse(cursor, read.Timebase, out var after) is { } error) reader.Error("page", error);
            else read = read with { After = after };
        }
        errors.AddRange(reader.Errors.Select(f => $"{f.Key} {f.Value[0]}"));
        return new EventSelection(api)
        {
            Query = read,
            Errors = [.. search?.Errors ?? [], .. errors],
            Search = search?.Text ?? "",
            Payload = payload,
            Filters = [
                .. FilterNames.Where(n => n != "payload" && api.ContainsKey(n)).Select(n => KeyValuePair.Create(n, api[n].ToString())),
                .. payload.Select(p => KeyValuePair.Create("payload", p))],
        };
    }

    /// <summary>The API URL that exports all selected events.</summary>
    public string ExportPath(string format)
    {
        var query = new QueryBuilder(_api.SelectMany(p => p.Value, (p, value) => KeyValuePair.Create(p.Key, value ?? ""))) { { "format", format } };
        return "/api/events/export" + query;
    }

    /// <summary>The filters as <c>/ws</c> takes them, a JSON object.</summary>
    public string StreamFilters => JsonSerializer.Serialize(_api.Where(p => p.Key is not ("from" or "to" or "order" or "timebase")).ToDictionary(p => p.Key, p => p.Value.ToString()));

    // A range that ends now includes the current second, so that it has events sent a moment ago.
    private static long EndOf(ViewRange range) => (range.IsRolling ? range.To + 1 : range.To) * Second;

    private static string[] ReadPayload(IQueryCollection query) => [
        .. query["payload"].OfType<string>().Where(p => p.Length > 0),
        .. query.Where(q => q.Key.StartsWith(PayloadPrefix, StringComparison.Ordinal)).Select(q => $"{q.Key[PayloadPrefix.Length..]}={q.Value}")];
}
