using System.Runtime.InteropServices;
using System.Text;

namespace SensorDash.Data.Storage;

/// <summary>The file that a path names: paths through links may name one file, and one file may have several names.</summary>
public static class FileIdentity
{
    private const int CurrentFolder = -100; // AT_FDCWD
    private const uint BasicFields = 0x7ff; // STATX_BASIC_STATS
    private const int StatxSize = 256;

    /// <summary>Equal for two paths that name the same file, or would name it when it is created. On Linux by device and inode; elsewhere by the path without links.</summary>
    /// <exception cref="IOException">The links of the path form a loop.</exception>
    public static string Of(string path)
    {
        path = Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));
        if (Read(path) is { } file) return FormattableString.Invariant($"{file.Device}:{file.Inode}");
        if (Target(path) is { } target) return Of(target);
        return Path.GetDirectoryName(path) is { } folder ? $"{Of(folder)}/{Path.GetFileName(path)}" : path;
    }

    /// <summary>The path that a symbolic link leads to, even if there is no file yet; null for any other path.</summary>
    /// <exception cref="IOException">The links form a loop.</exception>
    public static string? Target(string path) => new FileInfo(path).LinkTarget is null ? null : File.ResolveLinkTarget(path, returnFinalTarget: true)?.FullName;

    /// <summary>The number of names of an existing file; 1 on systems other than Linux.</summary>
    public static long HardLinks(string path) => Read(path)?.Links ?? 1;

    private static (ulong Device, ulong Inode, uint Links)? Read(string path)
    {
        if (!OperatingSystem.IsLinux()) return null;
        var file = new byte[StatxSize];
        if (Statx(CurrentFolder, Encoding.UTF8.GetBytes(path + '\0'), 0, BasicFields, file) != 0) return null;
        return (BitConverter.ToUInt64(file, 136), BitConverter.ToUInt64(file, 32), BitConverter.ToUInt32(file, 16));
    }

    // Unlike stat, its structure is the same on all processors.
    [DllImport("libc", EntryPoint = "statx")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Statx(int folder, byte[] path, int flags, uint fields, [Out] byte[] file);
}
