namespace SensorDash.Data.Scrub;

/// <summary>What a pass reads, opened for it.</summary>
/// <param name="Sources">The stores.</param>
/// <param name="Claim">Lets one scrub read at a time.</param>
/// <param name="Owned">Disposed with this, in this order.</param>
public sealed record OpenScrub(ScrubSources Sources, IScrubClaim Claim, params IReadOnlyList<IDisposable> Owned) : IDisposable
{
    public void Dispose()
    {
        foreach (var each in Owned) each.Dispose();
    }
}
