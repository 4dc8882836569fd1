using Broker.Agent.Enrolment;
using Broker.Agent.Settings;
using Broker.Agent.State;
using Broker.Protocol.Encoding;
using Broker.Secrets;

namespace Broker.Agent.Commands;

/// <summary><c>broker-agent enrol</c>.</summary>
internal static class EnrolVerb
{
    private const string StandardInput = "-";

    internal static async Task<int> RunAsync(string[] files, string tokenFile, CancellationToken cancellation)
    {
        var settings = AgentSettingsReader.Load(files);
        Hardening.Apply(settings);
        var directory = StateDirectory.Open(settings.StatePath, settings.AllowDisk);
        using var token = Read(tokenFile);
        var enroller = new Enroller(directory, TimeProvider.System, BootId.Read(), SystemRandom.Fill);
        var grant = await enroller.EnrolAsync(token, () => Remove(tokenFile), cancellation);
        await Console.Out.WriteLineAsync(
            $"enrolled as agent {grant.Agent} of customer {grant.Customer} in {grant.Cluster}; " +
            $"the grant is valid until {grant.NotAfter:O}");
        return ExitCode.Success;
    }

    private static EnrolmentToken Read(string file)
    {
        try
        {
            using var text = file == StandardInput
                ? SecretFile.ReadStandardInput(EnrolmentToken.MaxLength)
                : SecretFile.Read(file, EnrolmentToken.MaxLength);
            return EnrolmentToken.Parse(text);
        }
        catch (MalformedException e)
        {
            throw new AgentException(e.Message, "token-malformed");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new AgentException(
                "the enrolment token cannot be read; name a file of mode 0600 that this account owns", "token-unreadable", e);
        }
    }

    private static void Remove(string file)
    {
        if (file == StandardInput)
            return;

        using (var handle = File.OpenHandle(file, FileMode.Open, FileAccess.Write))
            RandomAccess.Write(handle, new byte[RandomAccess.GetLength(handle)], 0);
        File.Delete(file);
    }
}
