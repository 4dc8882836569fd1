using Broker.Actors;

namespace Broker.Agent.Link;

/// <summary>
/// The order in which one start of an agent goes round the nodes of its list. Every agent has the same list; each its own order, so that
/// all nodes hold about as many of them, and those of a node that dies spread over all others.
/// </summary>
internal sealed class DialOrder
{
    private readonly Uri[] _addresses;
    private int _next;

    /// <param name="addresses">At least one.</param>
    /// <param name="random">Draws the order.</param>
    public DialOrder(IReadOnlyList<Uri> addresses, RandomSource random)
    {
        _addresses = [.. addresses];
        for (var left = _addresses.Length; left > 1; left--)
        {
            var drawn = (int)(random.NextDouble() * left);
            (_addresses[left - 1], _addresses[drawn]) = (_addresses[drawn], _addresses[left - 1]);
        }
    }

    /// <summary>The next one; after the last the first again.</summary>
    public Uri Next()
    {
        var address = _addresses[_next];
        _next = (_next + 1) % _addresses.Length;
        return address;
    }
}
