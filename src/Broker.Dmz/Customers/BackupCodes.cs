namespace Broker.Dmz.Customers;

/// <summary>Stable codes of what is wrong with a backup, besides <see cref="Codes"/>.</summary>
internal static class BackupCodes
{
    public const string OfAnother = "backup-of-another";
    public const string HeadForged = "backup-head-forged";
    public const string Superseded = "backup-superseded";
    public const string Ahead = "backup-ahead";
    public const string RowNotUnderHead = "backup-row-not-under-head";
    public const string RowNotOpened = "backup-row-not-opened";
    public const string NotOffered = "backup-check-unknown";
}
