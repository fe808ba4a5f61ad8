using SensorDash.Data.Scrub;

namespace SensorDash.Data.Sqlite;

/// <summary>A file beside the database that one process has open.</summary>
/// <param name="path">The database.</param>
public sealed class SqliteScrubClaim(string path) : IScrubClaim
{
    /// <summary>Follows the name of the database.</summary>
    public const string Ending = ".scrub";

    /// <inheritdoc/>
    public Task<IAsyncDisposable?> TryAsync(CancellationToken cancellationToken)
    {
        try
        {
            return Task.FromResult<IAsyncDisposable?>(new FileStream(path + Ending, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, 1, FileOptions.DeleteOnClose));
        }
        catch (UnauthorizedAccessException)
        {
            return Task.FromResult<IAsyncDisposable?>(new MemoryStream()); // A folder that is only read: nothing is claimed, and reading harms nobody.
        }
        catch (IOException e)
        {
            return Task.FromResult<IAsyncDisposable?>(e.HResult == ReadOnlyFileSystem ? new MemoryStream() : null);
        }
    }

    private const int ReadOnlyFileSystem = 30; // EROFS, where .NET has no exception of its own for it.
}
