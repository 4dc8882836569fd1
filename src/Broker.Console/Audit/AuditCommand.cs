using System.CommandLine;
using Broker.Console.Gateway;
using Broker.Console.Requests;
using Broker.Console.Shell;

namespace Broker.Console.Audit;

/// <summary><c>brokerctl audit</c>.</summary>
internal static class AuditCommand
{
    public static Command Create(ConsoleHost host) => new Command("audit", "Shows, exports and verifies the audit trail").With(
        Show(host), Export(host), VerifyCommand.Create(host));

    private static Command Show(ConsoleHost host)
    {
        var customer = Parsing.Customer();
        var from = new Option<ulong>("--from") { Description = "First position", HelpName = "POSITION" };
        return new Command("show", """
            Prints the audit trail: who, what, when, outcome. Verifies nothing; brokerctl audit verify does

            Example:
              brokerctl audit show --customer acme --from 100
            """).With(customer, from).Runs(host, async context =>
        {
            await RequestSigner.LoginAsync(context, context.Need(customer));
            var path = GatewayClient.Of(context.Need(customer), "/ledger");
            await foreach (var receipt in AuditSource.ReceiptsAsync(context, path, context.Get(from)))
            {
                foreach (var entry in AuditEntry.Of(receipt))
                {
                    context.Print(entry, ConsoleJson.Default.AuditEntry, entry.Write);
                }
            }

            return ExitCode.Ok;
        });
    }

    private static Command Export(ConsoleHost host)
    {
        var customer = Parsing.Customer();
        var file = Parsing.FileOption("--file", "Where to write it", required: true);
        return new Command("export", """
            Writes the customer's chain and the cluster's to a file that brokerctl audit verify reads anywhere

            Example:
              brokerctl audit export --customer acme --file acme.audit
            """).With(customer, file).Runs(host, async context =>
        {
            var name = context.Need(customer);
            await RequestSigner.LoginAsync(context, name);
            var header = await AuditSource.HeaderAsync(context, name);
            var path = context.Need(file);
            Files.Create(path, []);
            var lines = 0;
            await using (var writer = new StreamWriter(path) { NewLine = "\n" })
            {
                await writer.WriteLineAsync(AuditFiles.ToLine(header));
                await foreach (var line in AuditSource.LinesAsync(context, name))
                {
                    await writer.WriteLineAsync(AuditFiles.ToLine(line));
                    lines++;
                }
            }

            context.Print(
                new DoneResult("export", path), ConsoleJson.Default.DoneResult, o => o.WriteLine($"{lines} receipts written to {path}"));
            return ExitCode.Ok;
        });
    }
}
