namespace SensorDash.Data.Storage;

internal static class FileSize
{
    /// <summary>Total bytes of the existing files.</summary>
    public static long Of(params string[] paths) => paths.Select(path => new FileInfo(path)).Where(file => file.Exists).Sum(file => file.Length);
}
