using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace SensorDash.Data.Storage;

/// <summary>Writes files that a power failure leaves either whole or absent.</summary>
public static class DurableFile
{
    private const string TemporaryEnding = ".tmp";

    /// <summary>Writes the file under another name, syncs it, and only then gives it its name.</summary>
    /// <exception cref="IOException">The disk is full, read-only or fails.</exception>
    public static void Write(string path, Action<Stream> write)
    {
        var temporary = path + TemporaryEnding;
        using (var file = new FileStream(temporary, FileMode.Create, FileAccess.Write))
        {
            write(file);
            file.Flush(flushToDisk: true);
        }
        File.Move(temporary, path, overwrite: true);
        SyncFolder(Path.GetDirectoryName(Path.GetFullPath(path))!);
    }

    /// <summary>Makes a file durable that something else has written.</summary>
    /// <exception cref="IOException">The disk fails.</exception>
    public static void Sync(string path)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
        file.Flush(flushToDisk: true);
    }

    /// <summary>Makes new names in a folder durable. Windows has no such call and needs none.</summary>
    public static void SyncFolder(string folder)
    {
        if (OperatingSystem.IsWindows()) return;
        using var handle = new SafeFileHandle(Open(Encoding.UTF8.GetBytes(folder + '\0'), 0), ownsHandle: true);
        if (!handle.IsInvalid) RandomAccess.FlushToDisk(handle);
    }

    // The runtime opens no folders.
    [DllImport("libc", EntryPoint = "open")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Open(byte[] path, int flags);
}
