namespace Broker.MemoryScanner;

/// <summary>A scan that could not be made, or an argument it was refused for. The text says what to do next and holds no needle.</summary>
public sealed class ScanException : Exception
{
    /// <summary>An empty refusal; exists for serializers and analyzers only.</summary>
    public ScanException()
    {
    }

    /// <summary>A refusal with its reason.</summary>
    public ScanException(string message)
        : base(message)
    {
    }

    /// <summary>A refusal with its reason and the error of the system behind it.</summary>
    public ScanException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
