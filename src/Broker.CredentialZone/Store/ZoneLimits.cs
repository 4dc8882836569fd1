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
    /// <summary>Most changes of one commit: a credential is deleted with all its versions at once.</summary>
    public const int MaxChanges = MaxKeys + 64;

    /// <summary>Most bytes of the requests that one commit answers.</summary>
    public const int MaxRequestBytes = 1 << 20;

    /// <summary>Most bytes of rows that one release returns: a launch is at most 4 MiB, the rest is what encryption adds.</summary>
    public const int MaxReleaseBytes = (4 << 20) + (64 << 10);

    /// <summary>Most keys read in one call.</summary>
    public const int MaxKeys = 4096;

    /// <summary>Most items listed in one call.</summary>
    public const int MaxPage = 1000;

    /// <summary>Most operations in one group commit; the chains' blocks of one stay far below a batch's bound.</summary>
    public const int MaxOperations = 512;
}
