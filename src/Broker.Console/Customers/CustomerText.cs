using Broker.Protocol.Api;
using Broker.Protocol.Custody;
using Broker.Protocol.Directory;
using Broker.Protocol.Encoding;

namespace Broker.Console.Customers;

/// <summary>A customer's state for people.</summary>
internal static class CustomerText
{
    public static void Write(TextWriter o, CustomerModel model)
    {
        o.WriteLine($"{model.Customer}: {model.State}{(model.Missing.Length > 0 ? ", " + model.Missing : "")}");
        if (model.LastFailure is { } failure)
            o.WriteLine($"last failure     {failure}");
        if (model.Given.Count > 0)
            o.WriteLine($"given            {string.Join(' ', model.Given)}");
        if (model.Rotation is { } rotation)
            o.WriteLine($"rotation         {rotation.Done} rows done, {rotation.Left} left");
        o.WriteLine($"fence            {model.Fence}");
        o.WriteLine($"lock generation  {model.LockGeneration}, lifted up to {model.LiftedGeneration}");
        try
        {
            if (model.Custody?.ToSigned().Read<CustodyRecord>() is { } custody)
            {
                foreach (var way in custody.Ways.Select(static w => w.Way))
                    o.WriteLine($"custody          {WayText.Of(way)}");
                o.WriteLine($"identity         {custody.Identity.Fingerprint}");
            }

            if (model.Head?.ToSigned().Read<CustomerHead>() is { } head)
                o.WriteLine($"head             {head.Counter} {head.Root}");
        }
        catch (MalformedException)
        {
            o.WriteLine("custody or head is not readable");
        }
    }
}
