using Broker.Secrets;

namespace Broker.Benchmarks.Scale;

/// <summary>The signing key of the one administrator of each customer, also as a file on tmpfs.</summary>
internal sealed class AdministratorKey : IDisposable
{
    public AdministratorKey(ScaleFiles files)
    {
        using var scalar = P256Scalar.Generate(SystemRandom.Fill);
        Key = P256PrivateKey.FromScalar(scalar);
        File = Path.Combine(files.Volatile, "administrator.key");
        using var pem = P256Pem.Write(scalar.Span);
        using var file = System.IO.File.OpenHandle(File, FileMode.CreateNew, FileAccess.Write);
        RandomAccess.Write(file, pem.Span, 0);
    }

    public P256PrivateKey Key { get; }

    public string File { get; }

    public void Dispose() => Key.Dispose();
}
