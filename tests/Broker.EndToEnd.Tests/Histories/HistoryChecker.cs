using Broker.Protocol.Ledger;

namespace Broker.EndToEnd.Tests.Histories;

/// <summary>What must not be in a history.</summary>
internal enum Violation
{
    /// <summary>A put was acknowledged and the credential does not arrive.</summary>
    LostPut,

    /// <summary>A credential arrived more often than it was launched at the end.</summary>
    ArrivedTwice,

    /// <summary>A launch was accepted and nobody knows it.</summary>
    LostRequest,

    /// <summary>A hand-off is in the journal and has no end.</summary>
    NotEnded,

    /// <summary>A use of an acknowledged hand-off has no end.</summary>
    UseNotEnded,

    /// <summary>One hand-off was opened more than once.</summary>
    OpenedTwice,

    /// <summary>Something was opened without an intent in the ledger.</summary>
    OpenedWithoutIntent,

    /// <summary>The journal knows a hand-off that the ledger does not.</summary>
    JournalWithoutIntent,

    /// <summary>An intent of a hand-off that the journal does not know.</summary>
    IntentWithoutJournal,

    /// <summary>A hand-off has several outcomes, or another than the journal says.</summary>
    OutcomeDiffers,

    /// <summary>A use has several outcomes, or another than the journal says.</summary>
    UseOutcomeDiffers,

    /// <summary>It ended as not sent or refused, and was opened.</summary>
    OpenedAndNotSent,

    /// <summary>It ended as used, and the agent never opened it.</summary>
    UsedAndNotOpened,

    /// <summary>A customer had to be unlocked while one of its holders lived.</summary>
    AskedToUnlock,

    /// <summary>A node keeps secrets that nothing needs.</summary>
    SecretsLeft,
}

/// <summary>One violation.</summary>
/// <param name="What">Which.</param>
/// <param name="Where">The credential, node or fault.</param>
internal sealed record Finding(Violation What, string Where);

/// <summary>Holds a history against what the broker promises. Pure, so that it is tested with bad histories itself.</summary>
internal static class HistoryChecker
{
    /// <summary>Everything that is wrong.</summary>
    public static IReadOnlyList<Finding> Check(History history) =>
    [
        .. history.Items.SelectMany(static i => Of(i).Select(v => new Finding(v, i.Name))),
        .. history.Nodes.Where(static n => n.SecretBytes > n.RestBytes).Select(static n => new Finding(Violation.SecretsLeft, n.Node)),
        .. history.Faults.Where(static f => f is { AskedToUnlock: true, HoldersLeft: > 0 })
            .Select(static f => new Finding(Violation.AskedToUnlock, f.Kind)),
    ];

    private static IEnumerable<Violation> Of(HistoryItem item) =>
        Put(item).Concat(Opened(item)).Concat(item.State is { } state ? Ended(item, state) : Unknown(item));

    private static IEnumerable<Violation> Put(HistoryItem item)
    {
        if (item is { IsPut: true, Final: 0 })
            yield return Violation.LostPut;
        if (item.Final > item.FinalTries)
            yield return Violation.ArrivedTwice;
    }

    private static IEnumerable<Violation> Opened(HistoryItem item)
    {
        if (item.Opened > 1)
            yield return Violation.OpenedTwice;
        if (item is { Opened: > 0, HasIntent: false })
            yield return Violation.OpenedWithoutIntent;
    }

    private static IEnumerable<Violation> Unknown(HistoryItem item)
    {
        if (item.IsAccepted)
            yield return Violation.LostRequest;
        if (item.HasIntent)
            yield return Violation.IntentWithoutJournal;
    }

    private static IEnumerable<Violation> Ended(HistoryItem item, string state)
    {
        if (!item.HasIntent)
            yield return Violation.JournalWithoutIntent;
        if (!HandOffState.EndsHandOff(state))
            yield return Violation.NotEnded;
        else if (item.Outcomes is not [var outcome] || outcome != state)
            yield return Violation.OutcomeDiffers;
        if (state is HandOffState.NotSent or HandOffState.Refused && item.Opened > 0)
            yield return Violation.OpenedAndNotSent;
        if (state != HandOffState.Acknowledged)
            yield break;
        if (!HandOffState.EndsUse(item.UseState))
            yield return Violation.UseNotEnded;
        else if (item.UseOutcomes is not [var use] || use != item.UseState)
            yield return Violation.UseOutcomeDiffers;
        if (item is { UseState: HandOffState.Used, Opened: 0 })
            yield return Violation.UsedAndNotOpened;
    }
}
