namespace Broker.Dmz.Customers;

/// <content>Which message goes where.</content>
internal sealed partial class CustomerKey
{
    private void Handle(CustomerKeyMessage message)
    {
        switch (message)
        {
            case CustomerKeyMessage.Seal m:
                OnSeal(m);
                break;
            case CustomerKeyMessage.FromAgent m:
                OnFromAgent(m);
                break;
            case CustomerKeyMessage.GetStatus m:
                m.ReplyTo.Tell(Status());
                break;
            case CustomerKeyMessage.Enrol m:
                OnEnrol(m);
                break;
            case CustomerKeyMessage.ChangedWrapKept m:
                OnChangedWrapKept(m);
                break;
            case CustomerKeyMessage.WrapKept m:
                OnWrapKept(m);
                break;
            case CustomerKeyMessage.Confirm m:
                m.ReplyTo.Tell(OnConfirm(m));
                break;
            case CustomerKeyMessage.BeginCustody m:
                OnBeginCustody(m);
                break;
            case CustomerKeyMessage.CustodyChanged m:
                OnCustodyChanged(m);
                break;
            case CustomerKeyMessage.RetryCustody:
                OnRetryCustody();
                break;
            case CustomerKeyMessage.GiveUpCustody m:
                OnGiveUpCustody(m);
                break;
            case CustomerKeyMessage.Enrolled m:
                OnEnrolled(m.Result);
                break;
            case CustomerKeyMessage.GiveShare m:
                m.ReplyTo.Tell(OnGiveShare(m.Share, m.Custody));
                break;
            case CustomerKeyMessage.GiveWrap m:
                m.ReplyTo.Tell(OnGiveWrap(m.Wrap, m.Custody));
                break;
            case CustomerKeyMessage.GiveOpened m:
                m.ReplyTo.Tell(OnGiveOpened(m));
                break;
            case CustomerKeyMessage.Hear m:
                Hear(m.Custody);
                break;
            case CustomerKeyMessage.Loaded m:
                OnLoaded(m.Result);
                break;
            case CustomerKeyMessage.Claimed m:
                OnClaimed(m.Result);
                break;
            case CustomerKeyMessage.Deposed m:
                OnDeposed(m);
                break;
            case CustomerKeyMessage.Arriving m:
                OnArriving(m);
                break;
            case CustomerKeyMessage.AskOwner m:
                _outcomes!.Tell(new OutcomeMessage.AskOwner(m.Fence));
                break;
            case CustomerKeyMessage.Reclaim m:
                OnReclaim(m);
                break;
            case CustomerKeyMessage.Lift m:
                m.ReplyTo.Tell(OnLift(m));
                break;
            case CustomerKeyMessage.Lock m:
                OnLock(m);
                m.ReplyTo?.Tell(Status());
                break;
            case CustomerKeyMessage.Abandon m:
                OnAbandon(m);
                break;
            case CustomerKeyMessage.Submit m:
                OnSubmit(m);
                break;
            case CustomerKeyMessage.Prepare m:
                m.ReplyTo.Tell(OnPrepare(m));
                break;
            case CustomerKeyMessage.Settled m:
                OnSettled(m);
                break;
            case CustomerKeyMessage.Check m:
                m.ReplyTo.Tell(Verify(m.Request, m.Action, m.Entries, m.Head));
                break;
            case CustomerKeyMessage.Appended m:
                OnAppended(m);
                break;
            case CustomerKeyMessage.GiveUp m:
                OnGiveUp(m);
                break;
            case CustomerKeyMessage.Recover m:
                OnRecover(m);
                break;
            case CustomerKeyMessage.Settle m:
                Settle(m.HandOff);
                break;
            case CustomerKeyMessage.Hello m:
                m.ReplyTo.Tell(OnHello(m));
                break;
            case CustomerKeyMessage.AgentAnswered m:
                m.ReplyTo.Tell(OnAnswer(m));
                break;
            case CustomerKeyMessage.Finish m:
                m.ReplyTo.Tell(OnFinish(m));
                break;
            case CustomerKeyMessage.Renewed m:
                OnRenewed(m);
                break;
            case CustomerKeyMessage.EndUse m:
                m.ReplyTo.Tell(OnEndUse(m));
                break;
            case CustomerKeyMessage.AskMore m:
                OnAskMore(m.Agent);
                break;
            case CustomerKeyMessage.LinkLost m:
                OnLinkLost(m);
                break;
            default:
                if (!ReceiveTransfer(message) && !ReceiveBackupCheck(message) && !ReceiveHandOver(message) && !ReceiveRotation(message))
                {
                    Context.Unhandled(message);
                }

                break;
        }
    }
}
