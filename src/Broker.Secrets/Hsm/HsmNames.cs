namespace Broker.Secrets;

/// <summary>Names a token by label, serial number or both; slots are renumbered and name nothing.</summary>
/// <param name="Label">The token's label; null for any.</param>
/// <param name="Serial">The token's serial number; null for any.</param>
public sealed record HsmTokenName(string? Label, string? Serial = null)
{
    /// <inheritdoc/>
    public override string ToString() => $"label '{Label ?? "any"}', serial '{Serial ?? "any"}'";
}

/// <summary>Names a key pair in a token by label, id or both.</summary>
/// <param name="Label">CKA_LABEL of both halves; null for any.</param>
/// <param name="Id">CKA_ID of both halves; empty for any.</param>
public sealed record HsmKeyName(string? Label, ReadOnlyMemory<byte> Id = default)
{
    /// <inheritdoc/>
    public override string ToString() => $"label '{Label ?? "any"}', id '{(Id.IsEmpty ? "any" : Convert.ToHexStringLower(Id.Span))}'";
}

/// <summary>What a token is opened for.</summary>
public enum HsmUse
{
    /// <summary>
    /// To unlock without people: the session cannot write, and a PIN is not tried while the token says that a wrong one was given
    /// before, so that a node that starts again and again does not lock it.
    /// </summary>
    Unlock,

    /// <summary>For a person who asked: to make a key, to keep or remove a wrap.</summary>
    Administer,

    /// <summary>To remove without people what was given up: writes, and spares the PIN as <see cref="Unlock"/> does.</summary>
    CleanUp,
}
