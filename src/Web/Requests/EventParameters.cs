using SensorDash.Data.Events;

namespace SensorDash.Web.Requests;

/// <summary>Which events a request means: the parameters that reading and exporting share.</summary>
internal static class EventParameters
{
    private const string PayloadPrefix = "payload.";

    public static readonly ChoiceParameter<Timebase> Timebase = new("timebase", "Whose clock times and order are by: the store's or the producer's",
        ("canonical", Data.Events.Timebase.Canonical), ("source", Data.Events.Timebase.Source));

    public static readonly TextParameter Scope = new("scope", "Only these scopes, separated by commas.", "payload1,ground");

    private static readonly TimeParameter _from = new("from", "Oldest time, included.");
    private static readonly TimeParameter _to = new("to", "Time behind the newest, not included.");
    private static readonly ChoiceParameter<EventDirection> _order = new("order", "Direction; the one is the exact reverse of the other",
        ("asc", EventDirection.Forward), ("desc", EventDirection.Backward));
    private static readonly TextParameter _lanes = new("lanes",
        "Only these lanes, separated by commas: metadata, command, ui, parsed, raw. Default: every lane that has the fields that are filtered by.", "raw,parsed");
    private static readonly TextParameter[] _fields = [.. EventFields.All.Select(f => new TextParameter(f.Name(),
        $"Only events with this {f.Name()}. Lanes: {string.Join(", ", Lanes.All.Where(l => l.Has(f)).Select(l => l.Name()))}.", "x"))];
    private static readonly TextParameter _payload = new(PayloadPrefix + "<path>",
        "Only events with this value in their JSON; keys and array indices of the path are joined by dots.", "12");

    /// <summary>All of them.</summary>
    public static readonly QueryParameter[] All = [_from, _to, Timebase, _lanes, Scope, _order, .. _fields, _payload];

    public static EventQuery Read(QueryReader reader)
    {
        var (from, to) = (_from.Read(reader), _to.Read(reader));
        if (from > to) reader.Error("from", "must not be after to");
        return new EventQuery(ReadFilter(reader), Timebase.Read(reader), _order.Read(reader), from, to);
    }

    /// <summary>A misspelt filter would otherwise give every event.</summary>
    public static void RefuseUnknown(QueryReader reader, params QueryParameter[] others)
    {
        foreach (var name in reader.Names)
        {
            if (name.StartsWith(PayloadPrefix, StringComparison.OrdinalIgnoreCase)) continue;
            if (!All.Concat(others).Any(p => p.Name.Equals(name, StringComparison.OrdinalIgnoreCase)))
                reader.Error(name, $"is no parameter here; there are {string.Join(", ", All.Concat(others).Select(p => p.Name))}");
        }
    }

    private static EventFilter ReadFilter(QueryReader reader)
    {
        var fields = EventFields.All.Select(f => (Field: f, Value: reader.Text(f.Name()))).Where(f => f.Value is not null)
            .Select(f => KeyValuePair.Create(f.Field, f.Value!)).ToArray();
        var payload = reader.NamesFrom(PayloadPrefix).Select(name => new PayloadCondition(name[PayloadPrefix.Length..], reader.Text(name) ?? "")).ToArray();
        return new EventFilter { Lanes = ReadLanes(reader, fields, payload.Length > 0), Scopes = reader.List(Scope.Name), Fields = fields, Payload = payload };
    }

    private static Lane[] ReadLanes(QueryReader reader, KeyValuePair<EventField, string>[] fields, bool needsJson)
    {
        var names = reader.List(_lanes.Name);
        // Without a choice: the lanes that can hold what is asked for. A lane that was chosen and cannot is a mistake.
        if (names.Length == 0)
        {
            Lane[] able = [.. Lanes.All.Where(l => fields.All(f => l.Has(f.Key)) && (!needsJson || l.HoldsJson()))];
            if (able.Length == 0) reader.Error(fields[0].Key.Name(), "and what else is asked for are in no lane together");
            return able;
        }
        var lanes = new List<Lane>();
        foreach (var name in names)
        {
            if (Lanes.TryParse(name, out var lane)) lanes.Add(lane);
            else reader.Error(_lanes.Name, $"must be of raw, parsed, ui, command, metadata, not '{name}'");
        }
        foreach (var lane in lanes)
        {
            foreach (var field in fields)
                if (!lane.Has(field.Key)) reader.Error(field.Key.Name(), $"is no field of the lane {lane.Name()}");
            if (needsJson && !lane.HoldsJson()) reader.Error("payload", $"cannot be asked for in the lane {lane.Name()}");
        }
        return [.. lanes.Distinct()];
    }
}
