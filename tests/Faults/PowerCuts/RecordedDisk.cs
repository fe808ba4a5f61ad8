namespace SensorDash.Faults.Tests.PowerCuts;

/// <summary>A disk to which the changes of a recording were made: what it holds for certain, and what a power cut may take.</summary>
/// <remarks>A name is durable with a sync of its folder, which is all that POSIX promises: ext4 makes it durable with the file, too.</remarks>
internal sealed class RecordedDisk
{
    private const int Sector = 512;

    private readonly Dictionary<ulong, RecordedFile> _files = [];
    private readonly Dictionary<string, RecordedFile> _names = []; // As programs see them.
    private readonly Dictionary<string, RecordedFile> _durableNames = [];
    private readonly List<(long Position, string Folder, Action<Dictionary<string, RecordedFile>> Apply)> _pendingNames = [];

    public void Apply(in Change change)
    {
        var (position, text) = (change.Position, change.Kind is ChangeKind.Name or ChangeKind.Rename or ChangeKind.Unlink or ChangeKind.SyncFolder ? change.Text : "");
        switch (change.Kind)
        {
            case ChangeKind.Name when !_names.TryGetValue(text, out var known) || _files.GetValueOrDefault(change.Inode) != known:
                // The number of a deleted file may be used again.
                var file = change.Offset == 0 || !_files.TryGetValue(change.Inode, out var old) ? _files[change.Inode] = new() : old;
                Rename(position, text, names => names[text] = file);
                break;
            case ChangeKind.Write or ChangeKind.Truncate when _files.TryGetValue(change.Inode, out var changed):
                changed.Pending.Add(change);
                break;
            case ChangeKind.Sync when _files.TryGetValue(change.Inode, out var synced):
                synced.Sync(change.Offset);
                break;
            case ChangeKind.SyncFolder:
                MakeNamesDurable(change.Offset, text.TrimStart('/'));
                break;
            case ChangeKind.Rename when text.Split('\n') is [var from, var to]:
                Rename(position, to, names =>
                {
                    if (names.Remove(from, out var moved)) names[to] = moved;
                });
                break;
            case ChangeKind.Unlink:
                Rename(position, text, names => names.Remove(text));
                break;
        }
    }

    /// <summary>Writes the files as a power cut at this moment may leave them: of what was not synced, anything may be there, absent or torn.</summary>
    public void Cut(Random random, string folder)
    {
        var names = new Dictionary<string, RecordedFile>(_durableNames);
        foreach (var (_, _, apply) in _pendingNames.Take(random.Next(_pendingNames.Count + 1))) apply(names);
        var (kept, torn) = (random.Next(4) / 3.0, random.Next(3) / 2.0);
        foreach (var (name, file) in names)
        {
            var path = Path.Combine(folder, name);
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllBytes(path, file.Cut(random, kept, torn, Sector));
            if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }
    }

    private void Rename(long position, string name, Action<Dictionary<string, RecordedFile>> apply)
    {
        apply(_names);
        _pendingNames.Add((position, Path.GetDirectoryName(name)!, apply));
    }

    private void MakeNamesDurable(long until, string folder)
    {
        foreach (var pending in _pendingNames.FindAll(IsDurable)) pending.Apply(_durableNames);
        _pendingNames.RemoveAll(IsDurable);

        bool IsDurable((long Position, string Folder, Action<Dictionary<string, RecordedFile>>) pending) => pending.Position < until && folder == pending.Folder;
    }
}
