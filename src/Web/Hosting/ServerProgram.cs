using SensorDash.Web.Commands;
using SensorDash.Web.Operations;
using SensorDash.Web.Transfers;

namespace SensorDash.Web.Hosting;

/// <summary>Runs the server: one host after the other on the same sockets, a new one after each cut-over to another store.</summary>
internal static class ServerProgram
{
    /// <exception cref="StartupException">The program cannot start because of its environment.</exception>
    public static async Task RunAsync(ParsedCommandLine line)
    {
        await using var server = new SwitchableServer();
        using var systemd = new SystemdNotices();
        var moves = new TransferMoves(server, TimeProvider.System);
        moves.BuildHost = settings => Build(line, server, moves, systemd, settings);
        for (var isFirst = true; isFirst || moves.IsPending; isFirst = false)
        {
            await using var app = isFirst ? Build(line, server, moves, systemd, []) : await moves.RunAsync(); // A start that fails also releases its files.
            if (isFirst && line.Command == DemoCommand.Name) app.LoadDemoWhenStarted();
            if (isFirst && line.Command == RebuildCommand.Name) app.RebuildAnalytics();
            await app.RunSensorDashAsync();
        }
    }

    private static WebApplication Build(ParsedCommandLine line, SwitchableServer server, TransferMoves moves, SystemdNotices systemd, IEnumerable<KeyValuePair<string, string?>> settings)
    {
        var builder = ProgramBuilder.Create(line.Settings);
        builder.Configuration.AddInMemoryCollection(settings);
        builder.Services.AddSingleton(moves);
        builder.AddSensorDash(server);
        builder.Services.AddHostedService<SwapEntry>();
        var app = builder.Build();
        app.UseSensorDash();
        app.Lifetime.ApplicationStarted.Register(systemd.Ready);
        return app;
    }
}
