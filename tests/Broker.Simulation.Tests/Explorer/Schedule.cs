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
internal sealed record Schedule(ulong Seed, IReadOnlyList<Step> Steps)
{
    // Set-up takes about so many turns; a third of the schedules is disturbed from the beginning.
    private const int SetUpTurns = 250;

    /// <summary>The schedule of a seed.</summary>
    public static Schedule Of(ulong seed)
    {
        var choices = new Choices(seed ^ 0x5C4E_D01E);
        var (from, length) = choices.OneIn(3) ? (0, SetUpTurns + 200) : (SetUpTurns, 250);
        var steps = new List<Step>();
        for (var launches = 1 + choices.Below(3); launches > 0; launches--)
        {
            Add(StepKind.Launch);
        }

        for (var work = choices.Below(3); work > 0; work--)
        {
            Add((StepKind)choices.Below((int)StepKind.UnlockOther + 1));
        }

        for (var spoiled = choices.Below(4); spoiled > 0; spoiled--)
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

        steps.Sort(static (a, b) => a.At.CompareTo(b.At));
        return new Schedule(seed, steps);

        void Add(StepKind kind) => steps.Add(new Step(kind, from + choices.Below(length), choices.Below(1 << 16)));

        void Later(StepKind kind) => steps.Add(new Step(kind, steps[^1].At + choices.Below(200), steps[^1].What));
    }

    /// <summary>Of the form <c>17</c>, or <c>17:Launch@250(3),KillDmz@300(4)</c> where steps were left out.</summary>
    public static Schedule Parse(string text)
    {
        var (seed, steps) = text.Split(':', 2) is [var s, var rest] ? (s, rest) : (text, null);
        var whole = Of(ulong.Parse(seed, CultureInfo.InvariantCulture));
        return steps is null
            ? whole
            : whole with { Steps = [.. steps.Split(',', StringSplitOptions.RemoveEmptyEntries).Select(Step.Parse)] };
    }

    /// <summary>As <see cref="Parse"/> reads it.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Seed}:{string.Join(',', Steps)}");
}
