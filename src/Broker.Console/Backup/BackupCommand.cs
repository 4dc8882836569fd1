using System.CommandLine;
using Broker.Console.Gateway;
using Broker.Console.Shell;
using Broker.Protocol.Api;
using Broker.Protocol.Backup;
using Broker.Protocol.Encoding;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Statements;

namespace Broker.Console.Backup;

/// <summary><c>brokerctl backup</c>: whether the keys open what a backup of the zone holds.</summary>
internal static class BackupCommand
{
    public static Command Create(ConsoleHost host) => new("backup", "Whether a backup of the credential zone can be opened")
    {
        Verify(host),
    };

    private static Command Verify(ConsoleHost host)
    {
        var manifest = new Option<string>("--manifest")
        {
            Description = "The file beside the backup, FILE.manifest",
            HelpName = "FILE",
            Required = true,
        };
        return new Command("verify", """
            Has the owner of each unlocked customer's key open one row of a backup, and say whether it opened

            broker-zone backup has verified chains, trees and rows before; what it has no key for is done here. Customers that are locked
            are named: of them nothing is verified. Each opening is in the customer's audit trail, and within its rate of releases.

            Example:
              brokerctl backup verify --manifest /backup/zone-2026-11-22.db.manifest
            """) { manifest }.Runs(host, async context =>
        {
            var report = await RunAsync(context, Read(context.Get(manifest)!, context.Profile.Trust.Cluster));
            context.Print(report, ConsoleJson.Default.BackupReport, report.Write);
            return report.Failed is [var first, ..]
                ? throw CommandException.Unverified(
                    first.Code, $"{report.Failed.Count} of {report.Customers} customers failed, {first.Customer} first: {first.Detail}",
                    Problems.Hint(first.Code) ?? "keep older backups, and make another one")
                : ExitCode.Ok;
        });
    }

    private static async Task<BackupReport> RunAsync(CommandContext context, IEnumerable<(Name Customer, byte[] Proof)> customers)
    {
        var (all, opened, empty, behind) = (0, 0, 0, 0);
        var (locked, failed) = (new List<string>(), new List<BackupProblem>());
        foreach (var (customer, proof) in customers)
        {
            all++;
            if (!Statement.Read<BackupProof>(proof).HasRow)
            {
                empty++;
                continue;
            }

            try
            {
                var done = await context.Gateway.PostAsync(
                    GatewayClient.Of(customer, "/backup-checks"), new BackupCheckModel(proof), ApiJson.Default.BackupCheckModel,
                    ApiJson.Default.BackupCheckedModel);
                opened++;
                behind += done.Head > done.BackupHead ? 1 : 0;
            }
            catch (CommandException refused) when (refused.Exit == ExitCode.Locked)
            {
                locked.Add(customer.Value);
            }
            catch (CommandException refused) when (refused.Exit is ExitCode.Refused or ExitCode.NotFound)
            {
                failed.Add(new BackupProblem(customer.Value, refused.Code, refused.Message));
            }
        }

        return new BackupReport(all, opened, empty, locked, failed, behind);
    }

    private static IEnumerable<(Name Customer, byte[] Proof)> Read(string path, Name cluster)
    {
        if (!File.Exists(path))
            throw CommandException.Usage($"{path} does not exist", "broker-zone backup writes it beside the backup");
        var count = 0;
        var seen = new HashSet<Name>();
        foreach (var (index, line) in File.ReadLines(path).Index())
        {
            if (index == 0)
            {
                count = First(path, line, cluster);
                continue;
            }

            var read = Line(path, line, index + 1);
            if (!seen.Add(read.Customer))
                throw CommandException.Unverified("manifest-malformed", $"{path} names {read.Customer} twice");
            yield return read;
        }

        if (seen.Count != count)
        {
            throw CommandException.Unverified(
                "manifest-cut", $"{path} has {seen.Count} customers and says {count}",
                "it was cut or altered: take it from the backup again");
        }
    }

    private static int First(string path, string line, Name cluster)
    {
        try
        {
            var (of, count) = BackupManifest.ReadFirst(line);
            return of == cluster
                ? count
                : throw CommandException.Unverified("manifest-of-another", $"{path} is of installation {of}, this is {cluster}");
        }
        catch (MalformedException)
        {
            throw Malformed(path, 1);
        }
    }

    private static (Name Customer, byte[] Proof) Line(string path, string line, int number)
    {
        try
        {
            return BackupManifest.ReadLine(line);
        }
        catch (MalformedException)
        {
            throw Malformed(path, number);
        }
    }

    private static CommandException Malformed(string path, int number) => CommandException.Unverified(
        "manifest-malformed", $"{path} line {number} is not a line of a manifest; the file was cut or altered");
}
