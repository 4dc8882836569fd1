using Broker.Protocol.Encoding;

namespace Broker.Agent.State;

/// <summary>What the agent remembers of the broker: it refuses a lower fence, and tells in its hello which head it has seen.</summary>
/// <remarks>Only authentic values are taken over. Not thread-safe.</remarks>
internal sealed class Witness
{
    private const string FileName = "witness";
    private const string Label = "broker/agent-witness/1";

    private readonly StateDirectory _directory;

    private Witness(StateDirectory directory, ulong generation, ulong fence, ulong head)
    {
        _directory = directory;
        Generation = generation;
        Fence = fence;
        Head = head;
    }

    /// <summary>The generation of the last session that came to be.</summary>
    internal ulong Generation { get; private set; }

    /// <summary>The highest fence.</summary>
    internal ulong Fence { get; private set; }

    /// <summary>Counter of the highest head.</summary>
    internal ulong Head { get; private set; }

    /// <summary>Reads what was remembered; all zero for a new agent.</summary>
    /// <exception cref="AgentException">The file is damaged.</exception>
    internal static Witness Load(StateDirectory directory)
    {
        if (directory.Read(FileName) is not { } bytes)
            return new Witness(directory, 0, 0, 0);

        try
        {
            var r = new EncReader(bytes, Label);
            var witness = new Witness(directory, r.U64(), r.U64(), r.U64());
            r.End();
            return witness;
        }
        catch (MalformedException e)
        {
            throw new AgentException(
                $"{directory[FileName]} is damaged; enrol this agent again, into an empty directory", "state-damaged", e);
        }
    }

    /// <summary>A session came to be.</summary>
    internal void SetSession(ulong generation, ulong fence) => Set(generation, Math.Max(Fence, fence), Head);

    /// <summary>An authentic message named these.</summary>
    internal void Raise(ulong fence, ulong head) => Set(Generation, Math.Max(Fence, fence), Math.Max(Head, head));

    private void Set(ulong generation, ulong fence, ulong head)
    {
        if ((generation, fence, head) == (Generation, Fence, Head))
            return;

        (Generation, Fence, Head) = (generation, fence, head);
        _directory.Write(FileName, new EncWriter(Label).U64(generation).U64(fence).U64(head).ToArray());
    }
}
