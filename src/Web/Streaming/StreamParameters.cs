using SensorDash.Data.Storage;
using SensorDash.Data.Streaming;
using SensorDash.Web.Requests;

namespace SensorDash.Web.Streaming;

/// <summary>Where a stream goes on: a parameter, or the header that browsers send when they reconnect.</summary>
internal static class StreamParameters
{
    private const string Header = "Last-Event-ID";

    public static readonly TextParameter After = new("after",
        "Go on after this token, the `id` of a message. The header Last-Event-ID, which browsers send when they reconnect, takes precedence. Default: only what is committed from now on.",
        "0a1b2c3d.1782907200000000");

    /// <returns>The token; null when absent or invalid.</returns>
    public static StreamToken? ReadAfter(QueryReader reader, HttpRequest request)
    {
        var (name, text) = request.Headers[Header].ToString() is { Length: > 0 } header ? (Header, header) : (After.Name, reader.Text(After.Name));
        if (text is null) return null;
        if (StreamToken.TryParse(text, out var token)) return token;
        reader.Error(name, $"{StreamToken.Rule}, not '{OutsideText.Shown(text)}'");
        return null;
    }
}
