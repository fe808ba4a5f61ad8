using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Http.Extensions;
using Microsoft.AspNetCore.Mvc;
using SensorDash.Web.Api;
using SensorDash.Web.Requests;

namespace SensorDash.Web.Pages.Display;

/// <summary>What a table of a page shows, as a file with the query of the page: <c>/analytics/bands.csv?range=7d</c>, <c>/nodes/5/readings.json</c>.</summary>
internal static partial class TableFiles
{
    /// <summary>The page handler that makes the file.</summary>
    public const string Handler = "Table";

    private const string Overview = "/overview"; // The page itself is at the root.

    private static readonly QueryParameter[] _shared = ParametersOf("range", "from", "to", "base", "tz", "unit", "refresh", "view");

    private static readonly Dictionary<string, QueryParameter[]> _byPage = new()
    {
        [Overview] = [.. _shared, .. ParametersOf("status", "zone", "q", "sort", "scale", "quantity", "page")],
        ["/analytics"] = [.. _shared, .. ParametersOf("zone", "node", "quantity", "across", "sort", "compare", "draw", NodeOptions.Parameter, "whole")],
        ["/nodes"] = [.. _shared, .. ParametersOf("by", "page")],
        ["/events"] = [.. _shared, .. ParametersOf("page", "payload"), .. EventParameters.All],
        ["/zones"] = _shared,
        ["/system"] = _shared,
        ["/system/audit"] = [.. _shared, .. ParametersOf("page"), .. AuditParameters.All],
    };

    /// <summary>The links of a table. Its range is fixed, so that the file matches the page.</summary>
    /// <param name="table">Name of the table in the URL.</param>
    /// <param name="view">The settings of the page.</param>
    /// <param name="request">The request of the page.</param>
    /// <param name="range">The range of the page; null: none.</param>
    public static TableLinks Of(string table, ViewSettings view, HttpRequest request, ViewRange? range = null)
    {
        var here = view.CurrentUrl;
        var path = here.PathText.EndsWith('/') ? here.PathText + Overview[1..] : here.PathText;
        var allowed = _byPage[KeyOf(path[request.PathBase.Value!.Length..])];
        var page = here.Path(path).Without(name => name is "refresh" or "view" || !allowed.Any(p => p.Accepts(name)));
        if (range is not null) page = page.With(("range", null), ("base", null), ("from", ClockText.Utc(range.From)), ("to", ClockText.Utc(range.To)));
        // Other programs do not know the time zone of this browser.
        if (view.ZoneChoice == ViewSettings.BrowserZone) page = page.With(("tz", view.Zone.Id == "UTC" ? null : view.Zone.Id));
        PageUrl FileOf(string format) => page.Path(FormattableString.Invariant($"{path}/{table}.{format}"));
        return new(table, FileOf("csv"), FileOf("json"), $"curl '{request.Scheme}://{request.Host}{FileOf("json")}'");
    }

    /// <summary>The file.</summary>
    public static FileContentResult Send(CsvTable table, string? format, string name)
        => format == "json" ? new(table.ToJson(), "application/json") : new(table.ToCsv(), "text/csv") { FileDownloadName = name };

    /// <summary>Before routing: leads these URLs to their page. Unlike the page, which shows what it can, they reject an invalid query: programs read them.</summary>
    public static void UseTableFiles(this IApplicationBuilder app) => app.Use((context, next) =>
    {
        if (!HttpMethods.IsGet(context.Request.Method) || FilePath().Match(context.Request.Path.Value ?? "") is not { Success: true } file) return next(context);
        var page = file.Groups["page"].Value;
        var reader = new QueryReader(context.Request);
        UnknownParameters.Check(reader, _byPage[KeyOf(page)]);
        FleetApi.Across.Read(reader);
        context.Request.Path = page == Overview ? "/" : page;
        var view = ViewSettings.Of(context);
        if (view.ZoneError is { } zoneError) reader.Error("tz", zoneError);
        var now = context.RequestServices.GetRequiredService<TimeProvider>().GetUtcNow().ToUnixTimeSeconds();
        if (ViewRange.Read(context.Request.Query, view.Zone, now).Error is { } rangeError) reader.Error("range", rangeError);
        if (reader.HasErrors) return Problems.Invalid(reader.Errors).ExecuteAsync(context);
        context.Request.QueryString += new QueryBuilder
        {
            { "handler", Handler }, { "table", file.Groups["table"].Value }, { "format", file.Groups["format"].Value },
        }.ToQueryString();
        return next(context);
    });

    private static string KeyOf(string page) => _byPage.ContainsKey(page) ? page : "/" + page.Split('/')[1];

    private static QueryParameter[] ParametersOf(params string[] names) => [.. names.Select(name => new TextParameter(name, "", ""))];

    [GeneratedRegex("^(?<page>/overview|/analytics|/nodes/[0-9]+|/events|/zones|/system/move|/system/backups|/system/audit|/system)/(?<table>[a-z]+)\\.(?<format>csv|json)$", RegexOptions.CultureInvariant)]
    private static partial Regex FilePath();
}

/// <summary>A table as files, and the command that gets it.</summary>
/// <param name="Table">Its name, unique on the page.</param>
internal sealed record TableLinks(string Table, PageUrl Csv, PageUrl Json, string Command);
