using Broker.Protocol.Wire.Agent;

namespace Broker.Links.Agents;

/// <summary>
/// One end of an agent link: <see cref="FrameSocket"/>, or in tests one that delays, loses and repeats. Disposing it cuts it.
/// </summary>
public interface IFrameLink : IDisposable
{
    /// <summary>What the other end speaks: see <see cref="Versions.LinkVersion"/>.</summary>
    uint Version => Versions.LinkVersion.Current;

    /// <summary>Sends one frame. When it returns, the frame is on its way, not yet with the other end.</summary>
    /// <param name="frame">The frame.</param>
    /// <param name="cancellationToken">Gives up; a send that had begun ends the link.</param>
    /// <exception cref="AgentLinkException">The frame is too large, too many wait, or the link is lost.</exception>
    Task SendAsync(Frame frame, CancellationToken cancellationToken);

    /// <summary>Waits for the next frame. One caller at a time.</summary>
    /// <param name="cancellationToken">Gives up, which ends the link.</param>
    /// <returns>Null when the other end has closed the link.</returns>
    /// <exception cref="AgentLinkException">The link is lost, or what came is not a frame.</exception>
    Task<Frame?> ReceiveAsync(CancellationToken cancellationToken);

    /// <summary>Says goodbye with a code and closes. Does nothing where the link is gone already.</summary>
    /// <param name="code">A stable code for the other end.</param>
    Task CloseAsync(string code);
}
