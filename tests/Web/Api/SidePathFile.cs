using SensorDash.Tests.Support;

namespace SensorDash.Web.Tests.Api;

/// <summary>The DuckDB file of a hub, looked into from the hub's own process: DuckDB opens a file once, so this is the database that the hub has open.</summary>
internal static class SidePathFile
{
    public static void Execute(string path, string sql)
    {
        using var client = new DuckDbClient(path);
        client.Execute(sql);
    }

    public static long Number(string path, string sql)
    {
        using var client = new DuckDbClient(path);
        return client.Scalar<long>(sql);
    }

    /// <summary>Ends when every month is in order: the hub does that by itself behind the first answers, and then touches no month's table any more.</summary>
    public static Task SortedAsync(string path)
        => WaitFor.TrueAsync("months in order", () => Number(path, "SELECT sum(unsorted)::BIGINT FROM months") == 0);
}
