using System.Globalization;
using SensorDash.Web.Pages.Display;

namespace SensorDash.Web.Operations.Figures;

/// <summary>Growth and writes in words, for the page and the API.</summary>
internal static class StorageText
{
    private const double MaxDays = 3650;

    /// <summary>"41 days", "2.5 years", "more than 10 years".</summary>
    public static string Days(double days) => days switch
    {
        < 1 => "less than a day",
        < 2 => "1 day",
        < 365 => string.Create(CultureInfo.InvariantCulture, $"{Math.Floor(days):0} days"),
        < MaxDays => string.Create(CultureInfo.InvariantCulture, $"{days / 365:0.0} years"),
        _ => "more than 10 years",
    };

    /// <summary>How long the disk lasts, and why.</summary>
    public static string Forecast(SystemState state)
    {
        if (state.FileGrowth is not { } growth) return "How long the disk lasts is not known yet: that needs a day of data.";
        var measured = growth.Days < 1.5 ? "the last day" : string.Create(CultureInfo.InvariantCulture, $"the last {growth.Days:0} days");
        var text = growth.IsSteady ? $"The size has been steady in {measured}."
            : growth.BytesPerDay < 0 ? $"The files shrank by {SizeText.Of((long)-growth.BytesPerDay)} a day in {measured}."
            : state.DaysLeft is not { } days ? $"The files grew by {SizeText.Of((long)growth.BytesPerDay)} a day in {measured}. How much of the disk is free is not known."
            : $"At the rate of {measured}, the disk lasts {Days(days)}.";
        return state.HasRetention && growth is { IsSteady: false, BytesPerDay: > 0 } ? text + " Retention is on: what it deletes makes room for new rows." : text;
    }

    /// <summary>The same of a database on a server; null without one.</summary>
    public static string? Server(SystemState state) => !state.IsOnServer ? null
        : (state.ServerGrowth is not { } growth ? "" : growth.IsSteady ? "The size of the database is steady. " : $"The database {(growth.BytesPerDay < 0 ? "shrinks" : "grows")} by {SizeText.Of((long)Math.Abs(growth.BytesPerDay))} a day. ")
            + "The disk of its server is not known here.";

    /// <summary>How long it takes to write a terabyte, to compare with the endurance of a card.</summary>
    public static string? Endurance(double? bytesPerDay) => bytesPerDay is not > 0 ? null
        : (1e12 / bytesPerDay.Value) switch
        {
            < 365 and var days => string.Create(CultureInfo.InvariantCulture, $"1 TB takes {days:0} days"),
            < 36_500 and var days => string.Create(CultureInfo.InvariantCulture, $"1 TB takes {days / 365:0.0} years"),
            _ => "1 TB takes more than 100 years",
        };
}
