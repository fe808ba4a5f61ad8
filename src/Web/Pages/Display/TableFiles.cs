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

    private static readonly string[] _shared = ["range", "from", "to", "base", "tz", "unit", "refresh", "view"];

    private static readonly QueryParameter[] _ofAnalytics = ParametersOf("zone", "node", "quantity", "across", "sort", "compare", NodeOptions.Parameter, "whole");
    private static readonly QueryParameter[] _ofNode = ParametersOf("by", "page");

    /// <summary>The URL of a table's file.</summary>
    public static PageUrl Of(PageUrl page, string table, string format = "csv") => page.Path(FormattableString.Invariant($"{page.PathText}/{table}.{format}"));

    /// <summary>The file.</summary>
    public static FileContentResult Send(CsvTable table, string? format, string name)
        => format == "json" ? new(table.ToJson(), "application/json") : new(table.ToCsv(), "text/csv") { FileDownloadName = name };

    /// <summary>Before routing: leads these URLs to their page. Unlike the page, which shows what it can, they reject an invalid query: programs read them.</summary>
    public static void UseTableFiles(this IApplicationBuilder app) => app.Use((context, next) =>
    {
        if (!HttpMethods.IsGet(context.Request.Method) || FilePath().Match(context.Request.Path.Value ?? "") is not { Success: true } file) return next(context);
        var reader = new QueryReader(context.Request);
        UnknownParameters.Check(reader, file.Groups["page"].Value == "/analytics" ? _ofAnalytics : _ofNode);
        FleetApi.Across.Read(reader);
        context.Request.Path = file.Groups["page"].Value;
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

    private static QueryParameter[] ParametersOf(params string[] names) => [.. _shared.Concat(names).Select(name => new TextParameter(name, "", ""))];

    [GeneratedRegex("^(?<page>/analytics|/nodes/[0-9]+)/(?<table>[a-z]+)\\.(?<format>csv|json)$", RegexOptions.CultureInvariant)]
    private static partial Regex FilePath();
}
