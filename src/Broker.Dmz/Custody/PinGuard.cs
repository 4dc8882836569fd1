using Broker.Secrets;

namespace Broker.Dmz.Custody;

/// <summary>
/// Keeps a PIN that was refused from being tried again: most tokens lock themselves after a few. Only another file, by its time of
/// writing or its length, is another PIN.
/// </summary>
internal sealed class PinGuard(string path)
{
    private (DateTime Written, long Length)? _refused;
    private HsmFailure _why;

    /// <summary>Opens a token with the file's PIN.</summary>
    /// <exception cref="HsmException">It was not opened; or the failure of before, and the token was not asked.</exception>
    /// <exception cref="PinRefusedBeforeException">The PIN is the one that was refused before.</exception>
    public HsmToken Open(HsmModule module, HsmTokenName token, HsmUse use)
    {
        var file = new FileInfo(path);
        var now = file.Exists ? (file.LastWriteTimeUtc, file.Length) : default;
        if (_refused is { } refused && refused == now)
        {
            throw new PinRefusedBeforeException(_why);
        }

        using var pin = HsmPin.ReadFile(path);
        try
        {
            var opened = module.Open(token, pin, use);
            _refused = null;
            return opened;
        }
        catch (HsmException problem) when (problem.Failure is HsmFailure.PinWrong or HsmFailure.PinLocked)
        {
            (_refused, _why) = (now, problem.Failure);
            throw;
        }
    }
}

/// <summary>A PIN that was refused before is not tried again.</summary>
internal sealed class PinRefusedBeforeException(HsmFailure why) : Exception
{
    /// <summary>How it was refused.</summary>
    public HsmFailure Why { get; } = why;
}
