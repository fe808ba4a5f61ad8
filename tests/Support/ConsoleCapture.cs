using System.Text;

namespace SensorDash.Tests.Support;

/// <summary>The console output of one program among several that run in this process.</summary>
internal static class ConsoleCapture
{
    private static readonly AsyncLocal<(TextWriter Output, TextWriter Errors)?> _current = new();

    static ConsoleCapture()
    {
        Console.SetOut(new Router(Console.Out, writers => writers.Output));
        Console.SetError(new Router(Console.Error, writers => writers.Errors));
    }

    /// <summary>From here on, output of this flow of execution goes to these writers.</summary>
    public static void Begin(TextWriter output, TextWriter errors) => _current.Value = (output, errors);

    private sealed class Router(TextWriter console, Func<(TextWriter Output, TextWriter Errors), TextWriter> select) : TextWriter
    {
        public override Encoding Encoding => console.Encoding;

        private TextWriter Target => _current.Value is { } writers ? select(writers) : console;

        public override void Write(char value)
        {
            var target = Target;
            lock (target) target.Write(value);
        }

        public override void Write(string? value)
        {
            var target = Target;
            lock (target) target.Write(value);
        }

        public override void WriteLine(string? value)
        {
            var target = Target;
            lock (target) target.WriteLine(value);
        }
    }
}
