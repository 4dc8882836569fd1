using System.Globalization;

namespace Broker.Simulation.Tests;

/// <summary>What people do and what befalls nodes.</summary>
internal enum StepKind
{
    Launch,
    Relaunch,
    PutNext,
    Replay,
    EndUse,
    Lock,
    Wipe,
    Unlock,
    UnlockOther,
    KillDmz,
    StartDmz,
    KillZone,
    StartZone,
    KillAgent,
    StartAgent,
    CutLinks,
    SpoilLink,
    SpoilCommit,
    SlowDisk,
    Rotate,
    ChangeCustody,
    ReplayCustody,
    GiveOld,
    Transfer,
    GiveOver,
    Drain,
}

/// <summary>One thing of a schedule, at a turn. <paramref name="What"/> says more: which node, which fault, which of several.</summary>
/// <param name="Kind">What.</param>
/// <param name="At">The turn from which it may happen.</param>
/// <param name="What">Of the kind.</param>
internal sealed record Step(StepKind Kind, int At, int What)
{
    /// <summary>Whether it spoils something; the others are people at work.</summary>
    public bool IsFault => Kind is StepKind.KillDmz or StepKind.KillZone or StepKind.KillAgent or StepKind.CutLinks or StepKind.SpoilLink or
        StepKind.SpoilCommit or StepKind.SlowDisk;

    /// <summary>Of the form <c>Launch@250(3)</c>.</summary>
    public static Step Parse(string text)
    {
        var parts = text.Split('@', '(', ')');
        var (at, what) = (int.Parse(parts[1], CultureInfo.InvariantCulture), int.Parse(parts[2], CultureInfo.InvariantCulture));
        return new Step(Enum.Parse<StepKind>(parts[0]), at, what);
    }

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Kind}@{At}({What})");
}

/// <summary>What a seed chooses: enrolment and set-up first, with these steps on the way or after it.</summary>
/// <param name="Seed">The seed; the order of turns follows from it too.</param>
/// <param name="Steps">In the order of their turns.</param>
/// <param name="HasPeers">
/// Whether nodes know each other, hand the customer's secret over and its ownership, and custody and epochs change.
/// </param>
internal sealed record Schedule(ulong Seed, IReadOnlyList<Step> Steps, bool HasPeers = false)
{
    /// <summary>One schedule in so many has peers: it takes twice as long.</summary>
    public const int PeersOneIn = 10;

    private const char Mark = '+';

    // Set-up takes about so many turns; a third of the schedules is disturbed from the beginning.
    private const int SetUpTurns = 250;

    private static readonly StepKind[] OfPeers =
    [
        StepKind.Rotate, StepKind.Rotate, StepKind.Rotate, StepKind.ChangeCustody, StepKind.ChangeCustody, StepKind.Transfer,
        StepKind.Transfer, StepKind.Transfer, StepKind.GiveOver, StepKind.GiveOver, StepKind.Drain, StepKind.GiveOld,
        StepKind.ReplayCustody, StepKind.Lock, StepKind.PutNext,
    ];

    /// <summary>The schedule of a seed.</summary>
    public static Schedule Of(ulong seed) => new Choices(seed ^ 0x9EE5).OneIn(PeersOneIn) ? WithPeers(seed) : Alone(seed);

    /// <summary>The schedule of a seed, of nodes that do not know each other.</summary>
    public static Schedule Alone(ulong seed)
    {
        var choices = new Choices(seed ^ 0x5C4E_D01E);
        var making = choices.OneIn(3) ? new Maker(choices, 0, SetUpTurns + 200) : new Maker(choices, SetUpTurns, 250);
        for (var launches = 1 + choices.Below(3); launches > 0; launches--)
        {
            making.Add(StepKind.Launch);
        }

        for (var work = choices.Below(3); work > 0; work--)
        {
            making.Add((StepKind)choices.Below((int)StepKind.UnlockOther + 1));
        }

        making.Spoil(choices.Below(4));
        return new Schedule(seed, making.Steps);
    }

    /// <summary>The schedule of a seed, of nodes that know each other.</summary>
    public static Schedule WithPeers(ulong seed)
    {
        var choices = new Choices(seed ^ 0x9EE5_D01E);
        var making = choices.OneIn(4) ? new Maker(choices, 0, SetUpTurns + 500) : new Maker(choices, SetUpTurns, 600);
        for (var launches = 1 + choices.Below(2); launches > 0; launches--)
        {
            making.Add(StepKind.Launch);
        }

        for (var work = 2 + choices.Below(4); work > 0; work--)
        {
            making.Add(choices.OneIn(6) ? (StepKind)choices.Below((int)StepKind.UnlockOther + 1) : OfPeers[choices.Below(OfPeers.Length)]);
        }

        making.Spoil(choices.Below(3));
        return new Schedule(seed, making.Steps, HasPeers: true);
    }

    /// <summary>
    /// Of the form <c>17</c>, or <c>17:Launch@250(3),KillDmz@300(4)</c> where steps were left out; with peers <c>17+:Rotate@300(4)</c>.
    /// </summary>
    public static Schedule Parse(string text)
    {
        if (text.Split(':', 2) is not [var seed, var steps])
        {
            return Of(ulong.Parse(text, CultureInfo.InvariantCulture));
        }

        return new Schedule(
            ulong.Parse(seed.TrimEnd(Mark), CultureInfo.InvariantCulture),
            [.. steps.Split(',', StringSplitOptions.RemoveEmptyEntries).Select(Step.Parse)], seed.EndsWith(Mark));
    }

    /// <summary>As <see cref="Parse"/> reads it.</summary>
    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{Seed}{(HasPeers ? Mark : "")}:{string.Join(',', Steps)}");

    private sealed class Maker(Choices choices, int from, int length)
    {
        private readonly List<Step> _steps = [];

        public IReadOnlyList<Step> Steps
        {
            get
            {
                _steps.Sort(static (a, b) => a.At.CompareTo(b.At));
                return _steps;
            }
        }

        public void Add(StepKind kind) => _steps.Add(new Step(kind, from + choices.Below(length), choices.Below(1 << 16)));

        public void Spoil(int spoiled)
        {
            for (; spoiled > 0; spoiled--)
            {
                switch (choices.Below(9))
                {
                    case 0:
                        Add(StepKind.KillDmz);
                        Later(StepKind.StartDmz);
                        break;
                    case 1:
                        Add(StepKind.KillZone);
                        Later(StepKind.StartZone);
                        break;
                    case 2:
                        Add(StepKind.KillAgent);
                        Later(StepKind.StartAgent);
                        break;
                    case 3:
                        Add(StepKind.CutLinks);
                        break;
                    case 4 or 5 or 6:
                        Add(StepKind.SpoilLink);
                        break;
                    case 7:
                        Add(StepKind.SpoilCommit);
                        break;
                    default:
                        Add(StepKind.SlowDisk);
                        break;
                }
            }
        }

        private void Later(StepKind kind) => _steps.Add(new Step(kind, _steps[^1].At + choices.Below(200), _steps[^1].What));
    }
}
