namespace SensorDash.DuckDb.Tests;

/// <summary>Run as a program: holds the database file of the first argument open until its input ends.</summary>
public static class Program
{
    public static void Main(string[] arguments)
    {
        using var database = DuckDbDatabase.Open(arguments[0]);
        Console.WriteLine("open");
        Console.In.ReadToEnd();
    }
}
