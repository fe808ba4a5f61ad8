using SensorDash.Data.Storage;

namespace SensorDash.Web.Operations;

/// <summary>Notes beside the database where the server listens, for commands that look for it.</summary>
internal sealed class AddressNote(IServiceProvider services, IStoreStartup store) : IHostedLifecycleService
{
    /// <summary>The sockets of a host that follows another one are open already, and requests wait for it: a client that gets its answer may look for the server at once.</summary>
    Task IHostedLifecycleService.StartingAsync(CancellationToken cancellationToken) => NoteAsync();

    /// <summary>Before the log says that the program has started.</summary>
    Task IHostedLifecycleService.StartedAsync(CancellationToken cancellationToken) => NoteAsync();

    Task IHostedService.StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    Task IHostedLifecycleService.StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    Task IHostedService.StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    Task IHostedLifecycleService.StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private Task NoteAsync()
    {
        if (ListenAddresses.Local(services) is { } url) store.NoteAddress(url);
        return Task.CompletedTask;
    }
}
