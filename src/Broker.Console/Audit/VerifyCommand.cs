using System.CommandLine;
using Broker.Console.Requests;
using Broker.Console.Shell;
using Broker.Links.Identity;
using Broker.Protocol.Identifiers;

namespace Broker.Console.Audit;

/// <summary><c>brokerctl audit verify</c>.</summary>
internal static class VerifyCommand
{
    public static Command Create(ConsoleHost host)
    {
        var customer = Parsing.Customer();
        customer.Required = false;
        customer.Description = "The customer; with --file, as the file says";
        var input = Parsing.FileOption("--file", "An export; else the chains are fetched");
        var root = Parsing.FileOption("--root", "The root certificate; else the profile's. With --file and --root no profile is needed");
        var identity = new Option<string?>("--identity")
        {
            Description = "The customer's identity fingerprint; else the pinned one",
            HelpName = "HEX",
        };
        var checkpoint = Parsing.FileOption("--checkpoint", "Where the last verified position is kept; else in the profile");
        return new Command("verify", """
            Verifies the whole trail: links, positions, batches, ledger certificates, requests, intents, outcomes, heads

            Says where it breaks. A checkpoint of the last verification shows a trail that was cut since.

            Examples:
              brokerctl audit verify --customer acme
              brokerctl audit verify --file acme.audit --root root.crt --checkpoint acme.checkpoint
            """).With(customer, input, root, identity, checkpoint).Runs(host, async context =>
        {
            var trust = context.Get(root) is { } path ? LinkTrust.Load(path) : context.Profile.Trust;
            var (header, lines) = context.Get(input) is { } file
                ? AuditFiles.Read(file)
                : await FetchAsync(context, context.Need(customer));
            if (context.Get(customer) is { } named && named.Value != header.Customer)
                throw CommandException.Usage($"the export is of {header.Customer}, not of {named}");
            var usesProfile = context.Get(root) is null;
            var files = usesProfile ? context.Profile.Customer(Parsing.Name(header.Customer, "customer")) : null;
            var pin = Told(context.Get(identity)) ?? files?.Pin(trust.Fingerprint);
            var kept = context.Get(checkpoint);
            var before = kept is null ? files?.Checkpoint() : File.Exists(kept) ? Files.ReadJson(kept, ConsoleJson.Default.Checkpoint)
                : null;
            var (report, after) = AuditVerifier.Verify(header, lines, trust, pin, before);
            if (after is not null && kept is not null)
                Files.Replace(kept, Files.ToJson(after, ConsoleJson.Default.Checkpoint));
            else if (after is not null)
                files?.WriteCheckpoint(after);
            context.Print(report, ConsoleJson.Default.AuditReport, report.Write);
            return report.Break is { } at
                ? throw CommandException.Unverified(at.Code, $"chain {at.Chain} breaks at position {at.Position}: {at.Detail}")
                : ExitCode.Ok;
        });
    }

    private static Digest? Told(string? text) => text switch
    {
        null => null,
        _ when Digest.TryParse(text, out var identity) => identity,
        _ => throw CommandException.Usage("--identity is 64 hexadecimal digits"),
    };

    private static async Task<(AuditHeader Header, IEnumerable<AuditLine> Lines)> FetchAsync(CommandContext context, Name customer)
    {
        await RequestSigner.LoginAsync(context, customer);
        var lines = new List<AuditLine>();
        var header = await AuditSource.HeaderAsync(context, customer);
        await foreach (var line in AuditSource.LinesAsync(context, customer))
            lines.Add(line);
        return (header, lines);
    }
}
