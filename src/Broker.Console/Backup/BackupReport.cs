namespace Broker.Console.Backup;

/// <summary>A customer of a backup whose row was not opened.</summary>
internal sealed record BackupProblem(string Customer, string Code, string Detail);

/// <summary>Result of <c>backup verify</c>.</summary>
/// <param name="Customers">Customers of the backup.</param>
/// <param name="Opened">Those of whom a row was opened, where the customer is unlocked.</param>
/// <param name="Empty">Those without a row.</param>
/// <param name="Locked">Those that are locked: of them nothing was verified.</param>
/// <param name="Failed">Those whose row does not open, or was altered.</param>
/// <param name="Behind">Those that have changed since the backup was made.</param>
internal sealed record BackupReport(
    int Customers, int Opened, int Empty, IReadOnlyList<string> Locked, IReadOnlyList<BackupProblem> Failed, int Behind)
{
    public void Write(TextWriter o)
    {
        o.WriteLine($"opened     one row of each of {Opened} customers, in the memory of their key's owner; wiped there");
        if (Empty > 0)
            o.WriteLine($"empty      {Empty} customers have no row");
        if (Behind > 0)
            o.WriteLine($"since then {Behind} customers have changed: a restore needs their custodians' word (--accept-head)");
        if (Locked.Count > 0)
        {
            var more = Locked.Count > 20 ? " …" : "";
            o.WriteLine($"{Locked.Count} customers locked: not verified ({string.Join(' ', Locked.Take(20))}{more})");
        }


        foreach (var failed in Failed)
            o.WriteLine($"FAILED     {failed.Customer}: {failed.Code}: {failed.Detail}");
        o.WriteLine(Failed.Count == 0 ? "ok" : $"BROKEN     {Failed.Count} customers");
    }
}
