using System.Buffers.Text;
using System.Globalization;
using System.Text;
using SensorDash.Data.Access;
using SensorDash.Data.Storage;

namespace SensorDash.Web.Requests;

/// <summary>The parameters that select entries of the audit log, for the API and the page.</summary>
internal static class AuditParameters
{
    public static readonly TextParameter Actor = new("actor", "Only acts of this one: a user, a key, \"this machine\", \"command line\", \"SensorDash\".", "ada");
    public static readonly TextParameter Action = new("action", "Only this action, such as zone.add, or all actions of a kind, such as zone.", "zone.add");
    public static readonly ChoiceParameter<AuditOutcome?> Outcome = new("outcome", "Only acts that ended so",
        ("any", null), ("done", AuditOutcome.Done), ("refused", AuditOutcome.Refused), ("failed", AuditOutcome.Failed));
    public static readonly TextParameter Target = new("target", "Only entries with this text in their target.", "node 12");

    /// <summary>All but the range.</summary>
    public static readonly QueryParameter[] All = [Actor, Action, Outcome, Target];

    /// <summary>Reads them into a query of the whole log.</summary>
    public static AuditQuery Read(QueryReader reader, int limit)
    {
        var (actor, action, target) = (reader.Text(Actor.Name), reader.Text(Action.Name), reader.Text(Target.Name));
        if (action is not null && !action.All(c => char.IsAsciiLetterLower(c) || c is '.' or '_'))
            reader.Error(Action.Name, $"must be an action such as zone.add, or a kind such as zone, not '{OutsideText.Shown(action)}'");
        foreach (var (name, text) in new[] { (Actor.Name, actor), (Target.Name, target) })
            if (OutsideText.FindError(text) is { } error) reader.Error(name, error);
        return new(limit) { Actor = actor, Action = action, Outcome = Outcome.Read(reader), Target = target };
    }

    /// <summary>Reads the position after which a page begins.</summary>
    public static long? ReadCursor(QueryReader reader, string name)
    {
        if (reader.Text(name) is not { } text) return null;
        if (Base64Url.IsValid(text) && long.TryParse(Base64Url.DecodeFromChars(text), NumberStyles.None, CultureInfo.InvariantCulture, out var id)) return id;
        reader.Error(name, "is not a valid cursor; pass `next` unchanged");
        return null;
    }

    /// <summary>The position as text; null at the end.</summary>
    public static string? CursorOf(long? next) => next is { } id ? Base64Url.EncodeToString(Encoding.ASCII.GetBytes(id.ToString(CultureInfo.InvariantCulture))) : null;
}
