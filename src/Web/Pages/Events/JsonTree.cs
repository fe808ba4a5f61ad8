using System.Text.Encodings.Web;
using System.Text.Json;
using Microsoft.AspNetCore.Html;
using SensorDash.Data.Events;
using SensorDash.Web.Pages.Display;

namespace SensorDash.Web.Pages.Events;

/// <summary>JSON as nested lists that open and close without JavaScript.</summary>
/// <remarks>It writes directly to the page, because content may be 1 MB and 64 levels deep.</remarks>
internal sealed class JsonTree(JsonElement root) : IHtmlContent
{
    /// <summary>Maximum number of values: browsers cannot open a page with 100,000 of them.</summary>
    public const int MaxValues = 2_000;

    // Deeper lists start closed.
    private const int OpenDepth = 3;
    private const int LongText = 200;
    private const int LongTextStart = 80;

    // The depth that ingest accepts.
    private static readonly JsonDocumentOptions _deep = new() { MaxDepth = 128 };

    private int _left = MaxValues;

    /// <summary>The content of an event of a JSON lane.</summary>
    public static JsonTree Of(LaneEvent laneEvent)
    {
        using var document = JsonDocument.Parse(laneEvent.Content, _deep);
        return new(document.RootElement.Clone());
    }

    public void WriteTo(TextWriter writer, HtmlEncoder encoder)
    {
        _left = MaxValues;
        writer.Write("<div class=\"json\">");
        WriteValue(writer, encoder, root, 0, "");
        writer.Write("</div>");
        if (_left < 0) writer.Write($"<p class=\"muted small\">First {MaxValues} values; the JSON has all of them.</p>");
    }

    // The label is on the line that opens a value.
    private void WriteValue(TextWriter writer, HtmlEncoder encoder, JsonElement value, int depth, string label)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.Object:
                Open(writer, encoder, depth, label, value.GetPropertyCount(), "key", "{ }");
                foreach (var member in value.EnumerateObject()) WriteItem(writer, encoder, member.Value, depth, member.Name);
                writer.Write("</ul></details>");
                break;
            case JsonValueKind.Array:
                Open(writer, encoder, depth, label, value.GetArrayLength(), "item", "[ ]");
                var index = 0;
                foreach (var item in value.EnumerateArray()) WriteItem(writer, encoder, item, depth, FormattableString.Invariant($"{index++}"));
                writer.Write("</ul></details>");
                break;
            default:
                WriteLabel(writer, encoder, label);
                WriteScalar(writer, encoder, value);
                break;
        }
    }

    private void WriteItem(TextWriter writer, HtmlEncoder encoder, JsonElement value, int depth, string label)
    {
        if (_left-- <= 0) return;
        writer.Write("<li>");
        WriteValue(writer, encoder, value, depth + 1, label);
        writer.Write("</li>");
    }

    private static void Open(TextWriter writer, HtmlEncoder encoder, int depth, string label, int count, string one, string kind)
    {
        writer.Write(depth < OpenDepth ? "<details open><summary>" : "<details><summary>");
        WriteLabel(writer, encoder, label);
        writer.Write($"<span class=\"muted\">{kind} {encoder.Encode(NumberText.Count(count, one))}</span></summary><ul>");
    }

    private static void WriteLabel(TextWriter writer, HtmlEncoder encoder, string label)
    {
        if (label.Length > 0) writer.Write($"<b>{encoder.Encode(label)}</b> ");
    }

    private static void WriteScalar(TextWriter writer, HtmlEncoder encoder, JsonElement value)
    {
        var kind = value.ValueKind switch { JsonValueKind.String => "text", JsonValueKind.Number => "number", _ => "word" };
        var text = value.GetRawText();
        if (text.Length <= LongText)
        {
            writer.Write($"<code class=\"{kind}\">{encoder.Encode(text)}</code>");
            return;
        }
        var start = text[..(LongTextStart - (char.IsHighSurrogate(text[LongTextStart - 1]) ? 1 : 0))];
        writer.Write($"<details class=\"long\"><summary><code class=\"{kind}\">{encoder.Encode(start)}…</code> <span class=\"muted\">{encoder.Encode(NumberText.Count(text.Length, "character"))}</span></summary>");
        writer.Write($"<code class=\"{kind}\">{encoder.Encode(text)}</code></details>");
    }
}
