using Broker.Protocol.Ledger;

namespace Broker.EndToEnd.Tests.Histories;

/// <summary>The checker of histories finds each thing that it is there for, and nothing in a history that is right.</summary>
public sealed class HistoryCheckerSpecs
{
    private static readonly HistoryItem Good = new("r1-1")
    {
        IsPut = true,
        Final = 1,
        IsAccepted = true,
        State = HandOffState.Acknowledged,
        UseState = HandOffState.Used,
        Opened = 1,
        HasIntent = true,
        Outcomes = [HandOffState.Acknowledged],
        UseOutcomes = [HandOffState.Used],
    };

    private static readonly HistoryItem NotSent =
        Good with { State = HandOffState.NotSent, UseState = "", Opened = 0, Outcomes = [HandOffState.NotSent], UseOutcomes = [] };

    private static readonly HistoryItem Unconfirmed =
        Good with { State = HandOffState.Unconfirmed, UseState = "", Outcomes = [HandOffState.Unconfirmed], UseOutcomes = [] };

    // Put and launch failed before anything was kept.
    private static readonly HistoryItem Nothing = new("r1-2");

    private static readonly History Right = new(
        [Good, NotSent, Unconfirmed, Unconfirmed with { Opened = 0 }, Nothing, Good with { IsPut = false, Final = null },
            Good with { Final = 2, FinalTries = 2 }],
        [new NodeAtRest("dmz-1", 96, 96), new NodeAtRest("dmz-2", 0, 96)],
        [new FaultRecord("kill dmz-1", 1, AskedToUnlock: false), new FaultRecord("kill all", 0, AskedToUnlock: true)]);

    private static readonly (Violation What, HistoryItem Item)[] Bad =
    [
        (Violation.LostPut, Good with { Final = 0 }),
        (Violation.ArrivedTwice, Good with { Final = 2 }),
        (Violation.ArrivedTwice, Good with { Final = 3, FinalTries = 2 }),
        (Violation.LostRequest, Nothing with { IsAccepted = true }),
        (Violation.NotEnded, Good with { State = HandOffState.Released, UseState = "", Outcomes = [], UseOutcomes = [] }),
        (Violation.NotEnded, NotSent with { State = "sealed", Outcomes = [] }),
        (Violation.UseNotEnded, Good with { UseState = "", UseOutcomes = [] }),
        (Violation.OpenedTwice, Good with { Opened = 2 }),
        (Violation.OpenedWithoutIntent, Nothing with { Opened = 1 }),
        (Violation.JournalWithoutIntent, NotSent with { HasIntent = false }),
        (Violation.IntentWithoutJournal, Nothing with { HasIntent = true }),
        (Violation.OutcomeDiffers, Good with { Outcomes = [HandOffState.Unconfirmed] }),
        (Violation.OutcomeDiffers, Good with { Outcomes = [] }),
        (Violation.OutcomeDiffers, Good with { Outcomes = [HandOffState.Acknowledged, HandOffState.Acknowledged] }),
        (Violation.UseOutcomeDiffers, Good with { UseOutcomes = [HandOffState.UseFailed] }),
        (Violation.UseOutcomeDiffers, Good with { UseOutcomes = [HandOffState.Used, HandOffState.Used] }),
        (Violation.OpenedAndNotSent, NotSent with { Opened = 1 }),
        (Violation.OpenedAndNotSent, NotSent with { State = HandOffState.Refused, Outcomes = [HandOffState.Refused], Opened = 1 }),
        (Violation.UsedAndNotOpened, Good with { Opened = 0 }),
    ];

    [Fact]
    public void A_history_that_is_right_should_have_no_finding() => Assert.Empty(HistoryChecker.Check(Right));

    [Fact]
    public void Each_thing_that_is_wrong_with_an_item_should_be_found_alone() => Assert.All(Bad, static bad =>
        Assert.Equal([new Finding(bad.What, bad.Item.Name)], HistoryChecker.Check(Right with { Items = [.. Right.Items, bad.Item] })));

    [Fact]
    public void An_unlock_that_a_living_holder_made_needless_should_be_found() => Assert.Equal(
        [new Finding(Violation.AskedToUnlock, "cut")],
        HistoryChecker.Check(Right with { Faults = [.. Right.Faults, new FaultRecord("cut", 1, AskedToUnlock: true)] }));

    [Fact]
    public void Secrets_that_nothing_needs_should_be_found() => Assert.Equal(
        [new Finding(Violation.SecretsLeft, "dmz-3")],
        HistoryChecker.Check(Right with { Nodes = [.. Right.Nodes, new NodeAtRest("dmz-3", 97, 96)] }));

    [Fact]
    public void Every_violation_should_have_a_bad_history() => Assert.Equal(
        Enum.GetValues<Violation>(),
        Bad.Select(static b => b.What).Concat([Violation.AskedToUnlock, Violation.SecretsLeft]).Distinct().Order());
}
