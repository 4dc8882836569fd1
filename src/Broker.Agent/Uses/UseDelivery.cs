using Broker.Protocol.Identifiers;

namespace Broker.Agent.Uses;

/// <summary>
/// What one named use of one hand-off is given: its credentials and its place in the use. It has one owner and passes with the message
/// that carries it; disposing wipes the credentials and gives the place back.
/// </summary>
internal sealed class UseDelivery : IDisposable
{
    private IReadOnlyList<CredentialContent> _contents;
    private IDisposable? _slot;

    /// <summary>Takes over credentials and place.</summary>
    internal UseDelivery(Id16 handOff, NamedUse use, IReadOnlyList<CredentialContent> contents, IDisposable? slot)
    {
        HandOff = handOff;
        Use = use;
        _contents = contents;
        _slot = slot;
    }

    internal Id16 HandOff { get; }

    internal NamedUse Use { get; }

    /// <summary>The credentials; none once they are wiped or moved.</summary>
    internal IReadOnlyList<CredentialContent> Contents => _contents;

    /// <summary>Passes everything to a new owner; this object is empty afterwards.</summary>
    internal UseDelivery Move()
    {
        var moved = new UseDelivery(HandOff, Use, _contents, _slot);
        _contents = [];
        _slot = null;
        return moved;
    }

    /// <summary>Takes over the place of what this one replaces, which has none afterwards.</summary>
    internal void TakePlaceOf(UseDelivery replaced)
    {
        _slot ??= replaced._slot;
        replaced._slot = null;
    }

    /// <summary>Wipes the credentials and keeps the place: what was given on lives as long as the use.</summary>
    internal void Wipe()
    {
        foreach (var content in _contents)
            content.Dispose();
        _contents = [];
    }

    /// <summary>Wipes the credentials and gives the place back.</summary>
    public void Dispose()
    {
        Wipe();
        _slot?.Dispose();
        _slot = null;
    }
}
