namespace Broker.CredentialZone.Store;

/// <summary>The bounds of what a DMZ node can make the zone keep (I10). The values come from the configuration.</summary>
/// <param name="ReleasesPerMinute">Releases of one customer in a minute of the zone's clock.</param>
/// <param name="OpenHandOffs">Hand-offs of one customer that are released and have no outcome.</param>
/// <param name="OpenUses">Acknowledged hand-offs of one customer whose use has no end.</param>
/// <param name="OpenInvitations">Invitations of one customer that are neither redeemed nor expired.</param>
/// <param name="RefusalsPerMinute">Refusals of one principal that are recorded one by one in a minute; more are counted.</param>
/// <param name="ReservedBytes">
/// Space below which nothing new is accepted, so that outcomes of what is open still find room: at least 4 KiB for each open
/// hand-off and use that is expected.
/// </param>
internal sealed record ZoneLimits(
    uint ReleasesPerMinute, uint OpenHandOffs, uint OpenUses, uint OpenInvitations, uint RefusalsPerMinute, long ReservedBytes)
{
    /// <summary>Most changes of one commit.</summary>
    public const int MaxChanges = 256;

    /// <summary>Most outcomes in one call.</summary>
    public const int MaxOutcomes = 64;

    /// <summary>Most keys read, or items listed, in one call.</summary>
    public const int MaxPage = 256;

    /// <summary>Most operations in one group commit; the chains' blocks of one stay far below a batch's bound.</summary>
    public const int MaxOperations = 512;
}
