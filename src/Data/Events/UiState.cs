using System.Text;
using System.Text.Json;

namespace SensorDash.Data.Events;

/// <summary>A state has more data than a response may have.</summary>
public sealed class UiStateTooLargeException() : Exception("The state of the view is too large.");

/// <summary>The state of a view, computed from its events. Values are kept as JSON text, so its memory is that of the response.</summary>
public sealed class UiState
{
    /// <summary>Maximum length of all keys and values in bytes.</summary>
    public const int MaxBytes = 16 << 20;

    /// <summary>Maximum number of keys.</summary>
    public const int MaxKeys = 100_000;

    // Events hold values up to the depth of canonical JSON, and the object around them.
    private static readonly JsonReaderOptions _options = new() { MaxDepth = Canonical.CanonicalJson.MaxDepth + 1 };

    private readonly Dictionary<string, byte[]> _values = [];
    private long _bytes;

    /// <summary>Id of the checkpoint it starts with, or null when there is none.</summary>
    public EventId? CheckpointId { get; private set; }

    /// <summary>Id of the last applied event.</summary>
    public EventId? LastId { get; private set; }

    /// <summary>Applied updates after the checkpoint.</summary>
    public int UpdatesApplied { get; private set; }

    /// <summary>Writes the state as an object, keys in the order of canonical JSON.</summary>
    public void WriteData(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        foreach (var (key, value) in _values.OrderBy(v => v.Key, StringComparer.Ordinal))
        {
            json.WritePropertyName(key);
            json.WriteRawValue(value, skipInputValidation: true); // Canonical since ingestion.
        }
        json.WriteEndObject();
    }

    internal void Start(UiEvent checkpoint)
    {
        CheckpointId = checkpoint.Id;
        Take(checkpoint, removesNulls: false);
    }

    internal void Apply(UiEvent update)
    {
        UpdatesApplied++;
        Take(update, removesNulls: true);
    }

    private void Take(UiEvent source, bool removesNulls)
    {
        LastId = source.Id;
        var reader = new Utf8JsonReader(source.Content, _options);
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var key = reader.GetString()!;
            reader.Read();
            var start = (int)reader.TokenStartIndex;
            if (_values.Remove(key, out var former)) _bytes -= LengthOf(key, former);
            if (reader.TokenType == JsonTokenType.Null && removesNulls) continue;
            reader.Skip();
            var value = source.Content[start..(int)reader.BytesConsumed]; // A copy: a slice would keep the whole event.
            _values.Add(key, value);
            _bytes += LengthOf(key, value);
            if (_bytes > MaxBytes || _values.Count > MaxKeys) throw new UiStateTooLargeException();
        }
    }

    private static int LengthOf(string key, byte[] value) => Encoding.UTF8.GetByteCount(key) + value.Length;
}
