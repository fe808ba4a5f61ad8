using System.Runtime.InteropServices;
using SensorDash.DuckDb.Native;

namespace SensorDash.DuckDb;

/// <summary>
/// Finds and loads DuckDB's native library, once per process, when the first database is opened. Looked for: the file or folder
/// that <see cref="EnvironmentVariable"/> names, and nothing else if it is set; else <c>runtimes/&lt;rid&gt;/native</c> beside
/// the program, then beside the program. Safe to use from several threads.
/// </summary>
public static class DuckDbLibrary
{
    /// <summary>Names the library file, or the folder it is in.</summary>
    public const string EnvironmentVariable = "DUCKDB_LIBRARY";

    private static readonly Lock _gate = new();
    private static nint _library;
    private static string _version = "";

    /// <summary>Such as "v1.5.5".</summary>
    /// <exception cref="DuckDbLibraryException">There is no usable library.</exception>
    public static string Version
    {
        get
        {
            Load();
            return _version;
        }
    }

    /// <summary>What DuckDB shares between openings of one file in this process; see <see cref="DuckDbDatabase.Open"/>.</summary>
    internal static nint InstanceCache { get; private set; }

    /// <exception cref="DuckDbLibraryException">There is no usable library.</exception>
    internal static void Load()
    {
        if (Volatile.Read(ref _library) != 0) return;
        lock (_gate)
        {
            if (_library != 0) return;
            var candidates = Candidates(
                Environment.GetEnvironmentVariable(EnvironmentVariable), AppContext.BaseDirectory, PortableRuntime());
            var library = LoadFirst(candidates);
            var version = ReadVersion(library);
            CheckVersion(version, string.Join(", ", candidates));
            NativeLibrary.SetDllImportResolver(
                typeof(DuckDbLibrary).Assembly, (name, _, _) => name == NativeMethods.Library ? library : 0);
            _version = version;
            InstanceCache = NativeMethods.CreateInstanceCache();
            Volatile.Write(ref _library, library);
        }
    }

    /// <summary>Where to look, best first.</summary>
    internal static IReadOnlyList<string> Candidates(string? chosen, string baseFolder, string runtime)
    {
        var file = OperatingSystem.IsWindows() ? "duckdb.dll" : OperatingSystem.IsMacOS() ? "libduckdb.dylib" : "libduckdb.so";
        if (!string.IsNullOrEmpty(chosen)) return [Directory.Exists(chosen) ? Path.Combine(chosen, file) : chosen];
        return [Path.Combine(baseFolder, "runtimes", runtime, "native", file), Path.Combine(baseFolder, file)];
    }

    /// <exception cref="DuckDbLibraryException">None exists, or the first that exists does not load.</exception>
    internal static nint LoadFirst(IReadOnlyList<string> candidates)
    {
        foreach (var candidate in candidates)
        {
            if (!File.Exists(candidate)) continue;
            try
            {
                return NativeLibrary.Load(candidate);
            }
            catch (Exception failure) when (failure is DllNotFoundException or BadImageFormatException)
            {
                throw new DuckDbLibraryException(
                    $"DuckDB's library {candidate} does not load; is it for another platform than {PortableRuntime()}? " + failure.Message,
                    failure);
            }
        }
        throw new DuckDbLibraryException(
            $"DuckDB's native library was not found. Looked for: {string.Join(", ", candidates)}. The build copies it there "
            + $"(dotnet build -p:DuckDbRuntimes={PortableRuntime()}); or set {EnvironmentVariable} to the file.");
    }

    /// <summary>1.5 up to, not including, 2.0: older ones lack functions, and a new major version may change their
    /// meaning.</summary>
    /// <exception cref="DuckDbLibraryException">Another version.</exception>
    internal static void CheckVersion(string version, string places)
    {
        var numbers = version.TrimStart('v').Split('-')[0];
        var known = System.Version.TryParse(numbers, out var parsed) && parsed >= new Version(1, 5) && parsed.Major == 1;
        if (!known)
            throw new DuckDbLibraryException(
                $"DuckDB's library is of version {version}; this driver needs 1.5 or a newer 1.x. Looked in: {places}.");
    }

    private static unsafe string ReadVersion(nint library)
    {
        // By hand: the imports are to be resolved to this library only after its version is known to be right.
        if (!NativeLibrary.TryGetExport(library, "duckdb_library_version", out var export))
            throw new DuckDbLibraryException("The library that was found is not DuckDB: it has no duckdb_library_version.");
        return NativeText.Read(((delegate* unmanaged[Cdecl]<byte*>)export)());
    }

    /// <summary>Such as "linux-x64" or "linux-musl-arm64". A distribution's own identifier ("debian.12-x64") is not used:
    /// packages have none.</summary>
    private static string PortableRuntime()
    {
        var system = OperatingSystem.IsWindows() ? "win" : OperatingSystem.IsMacOS() ? "osx" : "linux";
        var musl = RuntimeInformation.RuntimeIdentifier.Contains("musl", StringComparison.Ordinal)
            || RuntimeInformation.RuntimeIdentifier.StartsWith("alpine", StringComparison.Ordinal);
        return $"{system}{(musl ? "-musl" : "")}-{RuntimeInformation.ProcessArchitecture.ToString().ToLowerInvariant()}";
    }
}
