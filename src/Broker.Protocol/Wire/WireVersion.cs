namespace Broker.Protocol.Wire;

/// <summary>The version of the contracts in this folder, and of the statements that travel in them.</summary>
public static class WireVersion
{
    /// <summary>
    /// This program's; one more for each release that says anything new. The contracts of released versions stay beside the tests, and are
    /// only added to; a statement that is new is read one version before it is written, so that whoever is one version behind reads it.
    /// </summary>
    public const uint Current = 2;
}
