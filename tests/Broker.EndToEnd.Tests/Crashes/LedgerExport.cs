using System.Text.Json;
using Broker.EndToEnd.Tests.Harness;
using Broker.Protocol.Ledger;
using Broker.Protocol.Requests;
using Broker.Protocol.Statements;

namespace Broker.EndToEnd.Tests.Crashes;

/// <summary>The customer's chain as <c>brokerctl audit export</c> wrote and <c>audit verify</c> believed it.</summary>
internal sealed class LedgerExport
{
    private readonly List<(string HandOff, string State)> _outcomes = [];
    private readonly List<(string HandOff, string State)> _useOutcomes = [];

    /// <summary>Attempts for which an intent stands, by hand-off.</summary>
    public Dictionary<string, uint> Intents { get; } = [];

    /// <summary>The outcomes of each hand-off.</summary>
    public ILookup<string, string> Outcomes => _outcomes.ToLookup(static o => o.HandOff, static o => o.State);

    /// <summary>The outcomes of its use.</summary>
    public ILookup<string, string> UseOutcomes => _useOutcomes.ToLookup(static o => o.HandOff, static o => o.State);

    /// <summary>Exports, verifies, reads.</summary>
    /// <param name="console">The console that exports and verifies.</param>
    /// <param name="path">The file to make.</param>
    public static async Task<LedgerExport> OfAsync(Brokerctl console, string path)
    {
        await console.OkAsync("audit", "export", "--customer", "acme", "--file", path);
        await console.OkAsync("audit", "verify", "--customer", "acme", "--file", path);
        var export = new LedgerExport();
        foreach (var line in (await File.ReadAllLinesAsync(path)).Skip(1))
        {
            using var json = JsonDocument.Parse(line);
            if (json.RootElement.GetProperty("chain").GetString() == "customer")
                export.Read(Statement.Read<Block>(
                    Statement.Read<Receipt>(json.RootElement.GetProperty("receipt").GetBytesFromBase64()).Block.Span));
        }

        return export;
    }

    private void Read(Block block)
    {
        switch (block.Kind)
        {
            case BlockKind.Intent:
                var record = Statement.Read<IntentRecord>(block.Body.Span);
                var intent = Statement.Read<Intent>(record.Intent.Span);
                var request = Statement.Read<SignedRequest>(record.Request.Span);
                Assert.Equal(request.Hash, intent.Request);
                Intents[intent.HandOff.ToString()] = intent.Attempt;
                break;
            case BlockKind.Outcome:
                foreach (var outcome in Statement.Read<SignedRecord>(block.Body.Span).Statement.Read<Outcomes>().Items)
                    (HandOffState.EndsUse(outcome.State) ? _useOutcomes : _outcomes).Add((outcome.HandOff.ToString(), outcome.State));

                break;
            default:
                break;
        }
    }
}
