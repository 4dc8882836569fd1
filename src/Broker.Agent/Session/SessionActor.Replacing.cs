using Broker.Agent.State;
using Broker.Agent.Uses;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Session;

namespace Broker.Agent.Session;

// A later version comes in an envelope of its own that names what it takes the place of. Whether that is in use here, for the same
// uses of the same credentials, is this agent's knowledge and nobody else's; what is done with it is its configuration's word.
internal sealed partial class SessionActor
{
    private readonly Dictionary<Id16, IReadOnlyList<EnvelopeItem>> _held = [];

    private string? JudgeReplacing(MessageHeader header, IReadOnlyList<(NamedUse Use, IReadOnlyList<int> Items)> plan) => header switch
    {
        _ when header.Replaces == default => null,
        _ when parts.Journal.Find(header.Replaces) is not { Record: HandOffRecord.Acknowledged } => RefusalCode.NotHeld,
        _ when !_held.TryGetValue(header.Replaces, out var held) || !Of(held).SetEquals(Of(header.Items)) => RefusalCode.NotHeld,
        _ when plan.Any(static p => p.Use.OnRotate == OnRotate.Keep) => RefusalCode.UseKeeps,
        _ => null,
    };

    private static HashSet<(Name Credential, Name Use)> Of(IReadOnlyList<EnvelopeItem> items) =>
        [.. items.Select(static i => (i.Credential, i.Use))];
}
