using System.Globalization;

namespace SensorDash.Data.Storage;

/// <summary>Renames files that SensorDash cannot use and must not delete.</summary>
public static class FileAside
{
    /// <summary>Renames the file to its name with <c>.aside-</c> and the time, and its companion files alike.</summary>
    /// <param name="path">Path of the file.</param>
    /// <param name="clock">Clock for the name.</param>
    /// <param name="companions">Endings of files that belong to it, such as <c>.wal</c>.</param>
    /// <returns>The new path.</returns>
    /// <exception cref="IOException">The file cannot be renamed.</exception>
    public static string Move(string path, TimeProvider clock, params string[] companions)
    {
        var aside = Free(path + ".aside-" + clock.GetUtcNow().ToString("yyyyMMdd'T'HHmmss", CultureInfo.InvariantCulture));
        File.Move(path, aside);
        foreach (var ending in companions)
            if (File.Exists(path + ending)) File.Move(path + ending, aside + ending);
        return aside;
    }

    private static string Free(string path)
    {
        var free = path;
        for (var number = 2; File.Exists(free); number++) free = string.Create(CultureInfo.InvariantCulture, $"{path}-{number}");
        return free;
    }
}
