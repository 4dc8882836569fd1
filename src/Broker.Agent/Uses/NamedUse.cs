using Broker.Agent.Processes;
using Broker.Protocol.Identifiers;

namespace Broker.Agent.Uses;

/// <summary>How a named use gets its credentials.</summary>
internal enum UseMode
{
    /// <summary>Kept in locked memory until the time is over or the use is ended.</summary>
    Hold,

    /// <summary>Written to the standard input of a command, which is then closed.</summary>
    Stdin,

    /// <summary>Given to a command as files that exist only in memory.</summary>
    File,
}

/// <summary>What a use does with a later version of what it has.</summary>
internal enum OnRotate
{
    /// <summary>It does not take it: the hand-off is refused unopened.</summary>
    Keep,

    /// <summary>What is held is replaced; a program is started again with it.</summary>
    Replace,

    /// <summary>The program's memory files get the new content, and it is sent a signal.</summary>
    Signal,
}

/// <summary>A way of using that the agent's own configuration defines: a launch can name it, and change nothing of it.</summary>
internal sealed record NamedUse
{
    /// <summary>The name that launches use.</summary>
    internal required Name Name { get; init; }

    /// <summary>How the credentials are given.</summary>
    internal required UseMode Mode { get; init; }

    /// <summary>How many hand-offs may be in this use at a time.</summary>
    internal required int AtMost { get; init; }

    /// <summary>For <see cref="UseMode.Hold"/>: how long at most.</summary>
    internal TimeSpan HoldFor { get; init; }

    /// <summary>What is done with a later version that comes in the place of the one in use.</summary>
    internal OnRotate OnRotate { get; init; }

    /// <summary>For the other modes: what is started.</summary>
    internal CommandUse? Start { get; init; }
}

/// <summary>The command of a named use and how it is looked after.</summary>
internal sealed record CommandUse
{
    /// <summary>The program, its placeholders already the paths of the descriptors.</summary>
    internal required Command Command { get; init; }

    /// <summary>For <see cref="UseMode.File"/>: the credentials, in the order of their descriptors.</summary>
    internal required IReadOnlyList<Name> Files { get; init; }

    /// <summary>For <see cref="UseMode.Stdin"/>: how long the command may take to read its input.</summary>
    internal required TimeSpan StartTimeout { get; init; }

    /// <summary>Between SIGTERM and SIGKILL.</summary>
    internal required TimeSpan StopTimeout { get; init; }

    /// <summary>For <see cref="OnRotate.Signal"/>: the signal's number.</summary>
    internal int RotateSignal { get; init; }

    /// <summary>How long the program has to run with a later version before the earlier one is wiped.</summary>
    internal TimeSpan RotateSettle { get; init; }

    /// <summary>How often a command that failed is started again; 0 is never.</summary>
    internal required int Restarts { get; init; }

    /// <summary>Before the first restart; doubled for each further one.</summary>
    internal required TimeSpan RestartDelay { get; init; }
}
