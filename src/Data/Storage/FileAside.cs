using System.Globalization;

namespace SensorDash.Data.Storage;

/// <summary>Renames files that SensorDash cannot use and must not delete.</summary>
public static class FileAside
{
    /// <summary>What the names of such files have after the name of the file.</summary>
    public const string Mark = ".aside-";

    /// <summary>Renames the file to its name with <c>.aside-</c> and the time, and its companion files alike.</summary>
    /// <param name="path">Path of the file.</param>
    /// <param name="clock">Clock for the name.</param>
    /// <param name="companions">Endings of files that belong to it, such as <c>.wal</c>.</param>
    /// <returns>The new path.</returns>
    /// <exception cref="IOException">The file cannot be renamed.</exception>
    public static string Move(string path, TimeProvider clock, params string[] companions)
    {
        var aside = Free(path, clock);
        MoveTo(aside, path, companions);
        return aside;
    }

    /// <summary>As <see cref="Move"/>, to a name that <see cref="Free"/> has given.</summary>
    /// <exception cref="IOException">The file cannot be renamed.</exception>
    public static void MoveTo(string aside, string path, params string[] companions)
    {
        File.Move(path, aside);
        foreach (var ending in companions)
            if (File.Exists(path + ending)) File.Move(path + ending, aside + ending);
    }

    /// <summary>A name for a copy of the file: its name with <c>.aside-</c> and the time, which no file has.</summary>
    public static string Free(string path, TimeProvider clock)
    {
        var aside = path + Mark + clock.GetUtcNow().ToString("yyyyMMdd'T'HHmmss", CultureInfo.InvariantCulture);
        var free = aside;
        for (var number = 2; File.Exists(free); number++) free = string.Create(CultureInfo.InvariantCulture, $"{aside}-{number}");
        return free;
    }
}
