using System.Globalization;
using SensorDash.Data.Nodes;
using SensorDash.Data.Storage;

namespace SensorDash.Web.Requests;

/// <summary>A list of existing nodes.</summary>
internal sealed record NodesParameter(string Description) : QueryParameter("nodes", "string", Description, "1,2,12")
{
    /// <returns>The nodes, by address, each once; null when absent. Addresses without a node are an error.</returns>
    public async Task<IReadOnlyList<Node>?> ReadAsync(QueryReader reader, INodeStore nodes, CancellationToken cancellationToken)
    {
        if (reader.Text(Name) is not { } text) return null;
        var wanted = text.Split(',').Select(part => (Text: part, Address: int.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out var address) ? address : 0)).ToArray();
        var found = await nodes.FindAsync([.. wanted.Select(w => w.Address).Distinct()], cancellationToken);
        var known = found.Select(n => n.Address).ToHashSet();
        foreach (var part in wanted.Where(w => !known.Contains(w.Address))) reader.Error(Name, $"must be existing nodes, not '{OutsideText.Shown(part.Text)}'");
        return found;
    }
}
